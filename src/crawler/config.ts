import { defineSection } from '../config/section.ts';

/** How the crawl loop behaves, the same for every source. */
export const crawlerSection = defineSection({
  name: 'CRAWLER',
  about: 'The crawl loop: how often it looks, how far back, and what it does about runs that cannot be read.',
  keys: {
    batch: {
      type: 'boolean',
      default: 'false',
      about:
        'True makes one pass over everything and ends, as `spot crawl --once` does. False keeps Spot running as a daemon.',
    },
    sleep_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '10',
      min: 0,
      about: 'Pause between two polls of a source. A poll that finds nothing new costs the server a single request.',
    },
    completion_timeout_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '0',
      min: 0,
      about:
        'How long after its end a run is left alone before it is read. The original needed half an hour, because it never looked twice; ' +
        'Spot reads a run again whenever it changes, so 0 is safe and gives the newest picture.',
    },
    live_every_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '60',
      min: 0,
      about:
        'A run that is still going on is read from its event log as far as it is, again at most this often while the log grows. A History Server does not tell whether such a run goes on.',
    },
    orphan_after_hours: {
      type: 'number',
      unit: 'hours',
      default: '168',
      min: 0,
      about:
        'A run that a History Server has listed as running for this long is stored as incomplete: its driver was probably killed. It is replaced when it completes after all. 0 never stores such a run.',
    },
    concurrency: {
      type: 'integer',
      unit: 'runs at a time',
      default: '2',
      min: 1,
      max: 64,
      about:
        'How many runs of one source are read at the same time. A Spark History Server replays each log with one thread and answers ' +
        'everybody more slowly meanwhile: more than 2 pays only against event logs or a large, warm server.',
    },
    hot_window_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '7200',
      min: 60,
      about:
        'Each poll asks for runs that ended within this time before now. The overlap catches runs that are listed late.',
    },
    warm_every_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '3600',
      min: 1,
      about: 'How often the wider window of warm_window_seconds is asked for instead.',
    },
    warm_window_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '604800',
      min: 60,
      about:
        'The wider window: runs whose logs arrive up to this long after their end are found within warm_every_seconds.',
    },
    cold_every_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '86400',
      min: 1,
      about:
        'How often the whole list is compared with the store. It also happens at the start and after the source could not be reached.',
    },
    retry_delay_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '180',
      min: 0,
      about:
        'A run that could not be read is tried again after this time; the delay doubles with every failure. With the defaults a run that never succeeds is tried 10 times on the first day and 4 times a day from then on.',
    },
    retry_max_delay_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '21600',
      min: 1,
      about: 'The longest delay between two tries of a run that cannot be read.',
    },
    batch_runs: {
      type: 'integer',
      unit: 'runs',
      default: '16',
      min: 1,
      max: 1000,
      about: 'How many runs are written to the store together. What is not yet written is read again after a crash.',
    },
    store_patience_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '60',
      min: 0,
      about:
        'How long a single pass (batch) keeps trying when the store does not answer, before it gives up. The daemon keeps trying and reads nothing more meanwhile.',
    },
  },
  ignored: {
    skip_exceptions: 'a run that cannot be read never stops Spot; it becomes one error document and is tried again',
    crawler_method: 'Spot always compares the list with what is stored',
    lookback_hours: 'Spot compares the whole list once a day (cold_every_seconds) and a week of it every hour',
    time_step_seconds: 'Spot asks for a whole window in one request',
    retry_sleep_seconds: 'use retry_delay_seconds and retry_max_delay_seconds',
    retry_attempts: 'a run is tried again for as long as it is listed, with growing delay',
  },
});

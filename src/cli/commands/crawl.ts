import { Option } from 'commander';
import { openHealth } from '../../app/health.ts';
import { configuredAlerts } from '../../app/open-alerts.ts';
import { openWatch } from '../../app/watch.ts';
import { crawlForever, crawlOnce } from '../../crawler/crawler.ts';
import { crawlerSection } from '../../crawler/config.ts';
import { allOf } from '../../crawler/observer.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandContext, type CommandHost } from '../command.ts';
import { CrawlProgress } from '../crawl-progress.ts';
import { crawlExitCode, crawlSummary } from '../crawl-result.ts';
import { parseMoment } from '../time-argument.ts';

interface CrawlCommandOptions {
  readonly once?: boolean;
  readonly minEndDate?: Date;
  /** The original's spelling of the same. */
  readonly min_end_date?: Date;
}

const parseNow = (text: string): Date => parseMoment(text, new Date());

/** `spot crawl`: the daemon, or one pass. */
export function crawlCommand(host: CommandHost) {
  return defineCommand<CrawlCommandOptions>(
    {
      name: 'crawl',
      summary: 'read every completed run that is not stored yet, and go on doing so',
      formats: [],
      logsByDefault: ({ once }) => once !== true,
      examples: [
        'spot crawl --once                          read what is there, then end',
        'spot crawl                                 follow the servers of config.ini until stopped',
        'spot crawl --min-end-date 2026-11-01T00:00:00',
        'spot crawl --once --store elasticsearch:http://localhost:9200',
      ],
    },
    host,
    (command) =>
      command
        .option('--once', 'one pass over everything, then end (also: batch = true)')
        .option(
          '--min-end-date <time>',
          'only runs completed after it, YYYY-MM-DDThh:mm:ss, UTC unless a zone is given',
          parseNow,
        )
        // As the original spelt it.
        .addOption(new Option('--min_end_date <time>').argParser(parseNow).hideHelp()),
    async (context, options) => {
      const isOnce = options.once === true || context.spot.config.of(crawlerSection).settings.batch;
      return isOnce ? await once(context, options) : await forever(context, options);
    },
  );
}

async function once({ spot, output, signal }: CommandContext, options: CrawlCommandOptions) {
  const sources = await spot.openSources();
  using progress = new CrawlProgress(output, spot.environment.now);
  const store = await spot.openStore('write', {
    signal,
    onFailure: (error) => {
      progress.storeFailed(error);
    },
  });
  const models = spot.modelKeeper(store, signal);
  // A single pass judges runs where somebody wants to be told; otherwise `spot regressions --refresh` does, when it is asked for.
  const isAwaited = configuredAlerts(spot.config).subscribers.length > 0;
  await using watch = isAwaited ? openWatch(spot, sources, store) : undefined;
  const observer = allOf([progress, models, watch?.observer ?? {}]);
  const report = await crawlOnce(spot.crawlContexts(sources, store, observer), {
    signal,
    minEndDate: options.minEndDate ?? options.min_end_date,
  });
  await models.idle;
  if (!signal.aborted) await watch?.settled();
  progress.finish(crawlSummary(report, progress.failed, store));
  return crawlExitCode(report, progress.failed);
}

async function forever({ spot, signal }: CommandContext, options: CrawlCommandOptions) {
  const sources = await spot.openSources();
  const store = await spot.openStore('write', {
    signal,
    onFailure: (error) => {
      spot.logger.warn('The store does not answer, waiting for it.', { reason: error.message });
    },
  });
  spot.logger.info('Crawling.', {
    sources: sources.map((source) => `${source.cluster} at ${source.description}`).join(', '),
    store: store.description,
  });
  await using health = await openHealth(spot, sources, store);
  await using watch = openWatch(spot, sources, store);
  await crawlForever(
    spot.crawlContexts(sources, store, allOf([health.observer, spot.modelKeeper(store, signal), watch.observer])),
    { signal, minEndDate: options.minEndDate ?? options.min_end_date },
    () => {
      spot.logger.info('First sweep complete.');
    },
  );
  spot.logger.info('Stopped.');
  return EXIT.ok;
}

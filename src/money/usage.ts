import type { AggregateDocument, Aggregates, ArrayAggregate, NumberAggregate } from '../documents/documents.ts';
import { documentProperties } from './containers.ts';
import type { NotMeasurable } from './measurable.ts';

/** How long a run had which resources. */
export interface RunUsage {
  readonly durationMs: number;
  /** Sum of the executors' lives, from their addition to their removal or the run's end. */
  readonly executorMs: number;
  /** Sum of life × cores. */
  readonly executorCoreMs: number;
  /** Cores of the smallest and of the largest executor; 0 without executors. */
  readonly coresEach: { readonly min: number; readonly max: number };
  /** Core time in which tasks ran, at most what was given. */
  readonly busyCoreMs: number | NotMeasurable;
}

/** Runs of which work may be missing: what is missing would count as idle. */
const INCOMPLETE_WORK: ReadonlyMap<string, string> = new Map([
  ['lost_events', 'Spark dropped events of it, so work is missing'],
  ['skipped_lines', 'lines of its event log could not be read, so work may be missing'],
  ['partial_stages', 'Spark forgot its first stages, so work is missing'],
  ['compacted_log', 'Spark compacted its event log, so work is missing'],
]);

/**
 * What a run had of executors, by the documents of its aggregation.
 *
 * In local mode the driver is the one executor.
 */
export function usageOf(
  document: AggregateDocument,
  { isLocal }: { readonly isLocal: boolean },
): RunUsage | NotMeasurable {
  const { attempt, spot } = document;
  if (attempt.duration === undefined) return { because: 'no end of the run is known' };
  if (attempt.duration < 0) return { because: 'its clocks disagree: it ends before it starts' };

  const lives = isLocal
    ? driverLife(attempt.aggs, attempt.duration)
    : executorLives(attempt.aggs.allexecutors.executors);
  if ('because' in lives) return lives;
  const { taskMs, ...given } = lives;
  return { durationMs: attempt.duration, ...given, busyCoreMs: busy() };

  function busy(): number | NotMeasurable {
    const lost = spot.flags.map((flag) => INCOMPLETE_WORK.get(flag)).find((reason) => reason !== undefined);
    if (lost !== undefined) return { because: lost };
    if (taskMs === undefined) return { because: 'the time of its tasks is not stored' };
    const taskCpus = Number(documentProperties(document)['spark_task_cpus'] ?? 1);
    return Math.min(taskMs * (taskCpus > 0 ? taskCpus : 1), given.executorCoreMs);
  }
}

type Lives = Omit<RunUsage, 'durationMs' | 'busyCoreMs'> & { readonly taskMs: number | undefined };

const NONE: Lives = { executorMs: 0, executorCoreMs: 0, coresEach: { min: 0, max: 0 }, taskMs: 0 };

function executorLives(executors: ArrayAggregate): Lives | NotMeasurable {
  if (executors.elements_count === 0) return NONE;
  const life = fullColumn(executors, 'x_durationMilliseconds');
  const cost = fullColumn(executors, 'x_coreCost');
  const cores = fullColumn(executors, 'totalCores');
  if (life === undefined) return { because: 'the life of an executor has no known end' };
  if (cost === undefined || cores === undefined) return { because: 'the cores of an executor are not known' };
  if (Number(life.min ?? 0) < 0) return { because: 'its clocks disagree: an executor ends before it starts' };
  const profiles = fullColumn(executors, 'resourceProfileId');
  if (Number(profiles?.max ?? 0) > 0)
    return { because: 'its executors are of several resource profiles, whose memory differs' };
  const tasks = fullColumn(executors, 'totalDuration');
  return {
    executorMs: Number(life.sum),
    executorCoreMs: Number(cost.sum),
    coresEach: { min: Number(cores.min ?? 0), max: Number(cores.max ?? 0) },
    taskMs: tasks === undefined ? undefined : Number(tasks.sum),
  };
}

function driverLife({ allexecutors, stages }: Aggregates, durationMs: number): Lives | NotMeasurable {
  const cores = Number(allexecutors.driver['totalCores'] ?? 0);
  if (!(cores > 0)) return { because: 'the cores of the driver, in which all tasks ran, are not known' };
  // Spark's own total of the driver is the run's time, whatever ran in it.
  const runTime = fullColumn(stages, 'executorRunTime');
  return {
    executorMs: durationMs,
    executorCoreMs: durationMs * cores,
    coresEach: { min: cores, max: cores },
    taskMs: stages.elements_count === 0 ? 0 : runTime && Number(runTime.sum),
  };
}

/** A column that every row has a number in. */
function fullColumn(rows: ArrayAggregate, name: string): NumberAggregate | undefined {
  const column = rows[name];
  if (typeof column !== 'object' || !('count_not_null' in column)) return undefined;
  return column.count_not_null === rows.elements_count ? column : undefined;
}

import type { ArrayAggregate, Summary, TimeAggregate } from '../documents/documents.ts';
import { parseIsoTime } from '../spark/rest-time.ts';
import { numberColumn, timeColumn } from './column-aggregates.ts';
import { someOverlap, unionLength, type Interval } from './intervals.ts';
import { MS_PER_HOUR } from './values.ts';

/** The original counts input in blocks of 128 MiB, the default of HDFS. */
const BLOCK_BYTES = 128 * 2 ** 20;

export interface SummaryInput {
  readonly executors: ArrayAggregate;
  readonly stages: ArrayAggregate;
  /** First task to end of each stage that has both. */
  readonly stageIntervals: readonly Interval[];
  /** The attempt's, in milliseconds; absent while it has no end. */
  readonly duration?: number | undefined;
}

type Known = number | undefined;

/**
 * What the run amounts to in a few numbers; docs/documents.md has the meaning of each.
 *
 * Times are milliseconds, costs core-milliseconds, memory and storage bytes, all as doubles.
 * A field whose inputs are not all known is absent: without an end of the attempt all that need its duration, with an executor whose
 * life has no end all that need the core cost.
 *
 * @returns `{}` without executors, without stages, or when no stage has a first task and an end, as in the original
 */
export function summarize({ executors, stages, stageIntervals, duration }: SummaryInput): Summary {
  const interval = stagesInterval(timeColumn(stages, 'firstTaskLaunchedTime'), timeColumn(stages, 'completionTime'));
  if (executors.elements_count === 0 || stages.elements_count === 0 || interval === undefined) return {};

  const work = sumOf(executors, 'totalDuration');
  const coreCost = hasAll(executors, 'x_coreCost') ? sumOf(executors, 'x_coreCost') : undefined;
  return known({
    parallel_work: work,
    stages_sum: sumOf(stages, 'x_duration') ?? 0,
    stages_interval: interval,
    stages_in_parallel: someOverlap(stageIntervals),
    core_cost: coreCost,
    stages_max_input_blocks: blocks(maxOf(stages, 'inputBytes')),
    executors_total_input_blocks: blocks(sumOf(executors, 'totalInputBytes')),
    unused_storage_memory: minus(sumOf(executors, 'maxMemory'), maxOf(stages, 'inputBytes')),
    ...partsOfDuration(unionLength(stageIntervals), work, duration),
    ...(duration === 0 ? {} : { average_throughput: over(blocks(maxOf(stages, 'inputBytes')), duration) }),
    ...coreEfficiency(work, coreCost),
    ...storageUse(plus(maxOf(stages, 'inputBytes'), maxOf(stages, 'outputBytes')), sumOf(executors, 'maxMemory')),
  });
}

/** The part of the duration in which some stage runs, and the rest, in which only the driver can be at work. */
function partsOfDuration(parallelPart: number, work: Known, duration: Known): Record<string, Known> {
  const seqPart = minus(duration, parallelPart);
  const estSeqTime = plus(seqPart, work);
  const parts = { parallel_part: parallelPart, seq_part: seqPart, est_seq_time: estSeqTime };
  if (duration === 0) return parts;
  return {
    ...parts,
    estimated_speedup: over(estSeqTime, duration),
    parallel_fraction: over(parallelPart, duration),
    seq_fraction: over(seqPart, duration),
  };
}

function coreEfficiency(work: Known, coreCost: Known): Record<string, Known> {
  if (coreCost === 0) return {};
  const unused = minus(coreCost, work);
  return {
    estimated_core_efficiency: over(work, coreCost),
    unused_core_cost: unused,
    x_unused_core_cost_hours: over(unused, MS_PER_HOUR),
  };
}

function storageUse(peak: Known, memory: Known): Record<string, Known> {
  if (memory === undefined || memory === 0) return {};
  return {
    est_peak_memory_usage: peak,
    storage_memory_usage: over(peak, memory),
    x_unused_storage_memory_bytes: minus(memory, peak),
  };
}

function stagesInterval(first: TimeAggregate | undefined, last: TimeAggregate | undefined): Known {
  return first?.min === undefined || last?.max === undefined
    ? undefined
    : minus(parseIsoTime(last.max), parseIsoTime(first.min));
}

function hasAll(aggregate: ArrayAggregate, column: string): boolean {
  return numberColumn(aggregate, column)?.count_not_null === aggregate.elements_count;
}

function sumOf(aggregate: ArrayAggregate, column: string): Known {
  const sum = numberColumn(aggregate, column)?.sum;
  return sum === undefined ? undefined : Number(sum);
}

function maxOf(aggregate: ArrayAggregate, column: string): Known {
  const max = numberColumn(aggregate, column)?.max;
  return max === undefined ? undefined : Number(max);
}

function blocks(bytes: Known): Known {
  return bytes === undefined ? undefined : Math.ceil(bytes / BLOCK_BYTES);
}

function plus(left: Known, right: Known): Known {
  return left === undefined || right === undefined ? undefined : left + right;
}

function minus(left: Known, right: Known): Known {
  return left === undefined || right === undefined ? undefined : left - right;
}

function over(left: Known, right: Known): Known {
  return left === undefined || right === undefined ? undefined : left / right;
}

function known(fields: Record<string, number | boolean | undefined>): Summary {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

import type { JobDetail, SqlDetail, SqlNode, StageDetail } from '../../documents/run-detail.ts';
import type { Properties, RunSpan } from '../inputs.ts';
import { effective, isAdaptive } from './effective.ts';
import { nodesOf } from './plan-nodes.ts';

/**
 * What decided how many tasks a stage has, so that a fix names the setting that works.
 *
 * `adaptive` adaptive execution merged the partitions of a shuffle; `shuffle-partitions` and `initial-partitions` those
 * properties; `repartition` a number in the code; `scan` the split of files; `default-parallelism` that property;
 * `code` an RDD or `range` cut by its author; `unknown` nothing that is known fits.
 */
export type Sizing =
  | 'adaptive'
  | 'shuffle-partitions'
  | 'initial-partitions'
  | 'repartition'
  | 'scan'
  | 'default-parallelism'
  | 'code'
  | 'unknown';

export interface SizingContext {
  readonly run: RunSpan;
  readonly properties: Properties;
  readonly sql?: readonly SqlDetail[] | undefined;
  readonly jobs?: readonly JobDetail[] | undefined;
}

const SHUFFLE = 'spark.sql.shuffle.partitions';
const INITIAL = 'spark.sql.adaptive.coalescePartitions.initialPartitionNum';

export function sizingOf(stage: StageDetail, { run, properties, sql = [], jobs = [] }: SizingContext): Sizing {
  const { numTasks, sums } = stage;
  const execution = stage.properties['spark.sql.execution.id'];
  const job = jobs.find(({ stageIds }) => stageIds.includes(stage.stageId));
  const isSql = execution !== undefined || job?.sqlExecutionId !== undefined;
  const readsShuffle = (sums['shuffleReadBytes'] ?? 0) > 0 || stage.parentIds.length > 0;
  if (!isSql) {
    return numTasks === Number(effective('spark.default.parallelism', stage, properties))
      ? 'default-parallelism'
      : 'code';
  }
  const plan = sql.find(({ id }) => id === (job?.sqlExecutionId ?? Number(execution)))?.plan;
  if (!readsShuffle) return (sums['inputBytes'] ?? 0) > 0 ? 'scan' : 'code';
  if (plan !== undefined && hasOwnRepartition(plan, numTasks)) return 'repartition';
  const [initial, shuffle] = [INITIAL, SHUFFLE].map((name) => Number(effective(name, stage, properties)));
  if (isAdaptive(stage, properties, run)) {
    if (numTasks < ((initial ?? NaN) || (shuffle ?? NaN) || 200)) return 'adaptive';
    if (numTasks === initial) return 'initial-partitions';
  }
  return numTasks === ((shuffle ?? NaN) || 200) ? 'shuffle-partitions' : 'unknown';
}

/** `repartition(n)` shows as an exchange by number or in turns, with as many partitions. */
function hasOwnRepartition(plan: SqlNode, partitions: number): boolean {
  return nodesOf(plan).some(
    ({ name, description }) =>
      name === 'Exchange' &&
      /REPARTITION_BY_NUM|RoundRobinPartitioning/.test(description) &&
      new RegExp(`Partitioning\\([^()]*\\b${partitions}\\)`).test(description),
  );
}

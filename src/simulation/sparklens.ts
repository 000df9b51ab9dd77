import type { RunModel } from './run-model.ts';
import { EventHeap, TASK_END } from './event-heap.ts';

/** A run as Sparklens knows it. Milliseconds. */
export interface SparklensRun {
  readonly durationMs: number;
  /** Cores of one executor times the most executors at a time. */
  readonly cores: number;
  readonly jobs: readonly SparklensJob[];
}

export interface SparklensJob {
  readonly startMs: number;
  readonly endMs: number;
  readonly sqlExecutionId?: number | undefined;
  readonly stages: readonly SparklensStage[];
}

export interface SparklensStage {
  readonly stageId: number;
  readonly parentIds: readonly number[];
  /** Run time of each task, in recorded order. */
  readonly taskMs: Float64Array;
}

/** What Sparklens reports of a run. Shares are ratios, not percent. */
export interface SparklensReport {
  readonly driverMs: number;
  readonly jobMs: number;
  readonly driverShare: number;
  readonly executorShare: number;
  /** Driver, and the longest task of each stage along the longest path of each group of jobs. */
  readonly criticalPathMs: number;
  /** Driver, and the work spread over all cores. */
  readonly idealMs: number;
  readonly oneCoreMs: number;
  /** Task time over the core time available while jobs ran. */
  readonly usedShare: number;
  readonly estimateMs: (cores: number) => number;
  readonly utilizationRatio: (cores: number) => number;
  /** |estimate at the run's own cores − real| / real. */
  readonly modelError: number;
}

/**
 * Sparklens' own formulas, as the column to compare with; they keep its weak points (constant driver time, one gap
 * between groups of jobs, no start-up).
 *
 * @see https://github.com/qubole/sparklens (Apache-2.0): `JobOverlapHelper`, `CompletionEstimator`,
 * `PQParallelStageScheduler`, `EfficiencyStatisticsAnalyzer`. The formulas are theirs, the code is ours.
 */
export function sparklensReport(run: SparklensRun): SparklensReport {
  const groups = jobGroups(run.jobs);
  const jobMs = total(
    groups,
    (group) => Math.max(...group.map(({ endMs }) => endMs)) - Math.min(...group.map(({ startMs }) => startMs)),
  );
  const driverMs = run.durationMs - jobMs;
  const workMs = total(run.jobs, ({ stages }) => total(stages, ({ taskMs }) => total(taskMs, (time) => time)));
  const estimateMs = (cores: number): number => driverMs + total(groups, (group) => estimateGroup(group, cores));
  return {
    driverMs,
    jobMs,
    driverShare: driverMs / run.durationMs,
    executorShare: jobMs / run.durationMs,
    criticalPathMs: driverMs + total(groups, (group) => Math.max(...group.map(({ stages }) => longestPath(stages)))),
    idealMs: driverMs + workMs / run.cores,
    oneCoreMs: driverMs + workMs,
    usedShare: workMs / (run.cores * jobMs),
    estimateMs,
    utilizationRatio: (cores) => workMs / (estimateMs(cores) * cores),
    modelError: Math.abs(estimateMs(run.cores) - run.durationMs) / run.durationMs,
  };
}

/** The run of a model in Sparklens' terms: run times as measured, groups by overlap. */
export function sparklensOf(model: RunModel): SparklensReport {
  return sparklensReport({
    durationMs: model.durationMs,
    cores: model.executorCount * model.coresPerExecutor,
    jobs: model.jobs.map((job) => ({
      startMs: job.submittedMs,
      endMs: job.endedMs,
      sqlExecutionId: job.sqlExecutionId,
      stages: job.stages.flatMap((node) => {
        const stage = model.stages[node];
        if (stage === undefined) return [];
        const parentIds = stage.parents.flatMap((parent) => model.stages[parent]?.stageId ?? []);
        return [{ stageId: stage.stageId, parentIds, taskMs: stage.runTimes }];
      }),
    })),
  });
}

/** Jobs of one SQL execution, split where one starts after the previous ended; other jobs stand alone. */
function jobGroups(jobs: readonly SparklensJob[]): SparklensJob[][] {
  const bySql = Map.groupBy(jobs, ({ sqlExecutionId }) => sqlExecutionId);
  const groups: SparklensJob[][] = (bySql.get(undefined) ?? []).map((job) => [job]);
  for (const [id, own] of bySql) {
    if (id === undefined) continue;
    let group: SparklensJob[] = [];
    for (const job of own.toSorted((a, b) => a.startMs - b.startMs)) {
      const previous = group.at(-1);
      if (previous === undefined || previous.endMs < job.startMs) groups.push((group = [job]));
      else group.push(job);
    }
  }
  return groups;
}

/** The longest chain of longest tasks that ends in the stage with the highest id. */
function longestPath(stages: readonly SparklensStage[]): number {
  const byId = new Map(stages.map((stage) => [stage.stageId, stage]));
  const known = new Map<number, number>();
  const lengthOf = (id: number): number => {
    const memo = known.get(id);
    const stage = byId.get(id);
    if (memo !== undefined || stage === undefined) return memo ?? 0;
    const length = stage.taskMs.reduce((a, b) => Math.max(a, b), 0) + Math.max(0, ...stage.parentIds.map(lengthOf));
    known.set(id, length);
    return length;
  };
  return stages.length === 0 ? 0 : lengthOf(Math.max(...byId.keys()));
}

/** All stages of the group on so many cores: lowest runnable stage id first, tasks in recorded order, each at least 1 ms. */
function estimateGroup(group: readonly SparklensJob[], cores: number): number {
  const emptyJobs = total(
    group.filter(({ stages }) => stages.length === 0),
    ({ startMs, endMs }) => endMs - startMs,
  );
  const byId = new Map(group.flatMap(({ stages }) => stages.map((stage) => [stage.stageId, stage] as const)));
  const waiting = new Map([...byId].filter(([, { taskMs }]) => taskMs.length > 0));
  if (waiting.size === 0) return emptyJobs;

  const pending = new Map([...waiting].map(([id, { taskMs }]) => [id, taskMs.length]));
  const running = new EventHeap();
  let now = 0;
  let last = 0;
  const finishOne = (): void => {
    running.take();
    now = running.time;
    pending.set(running.subject, (pending.get(running.subject) ?? 0) - 1);
  };
  while (waiting.size > 0) {
    const runnable = [...waiting.values()]
      .filter(({ parentIds }) => parentIds.every((parent) => (pending.get(parent) ?? 0) === 0))
      .sort((a, b) => a.stageId - b.stageId)[0];
    if (runnable === undefined) {
      if (running.size === 0) break;
      finishOne();
      continue;
    }
    waiting.delete(runnable.stageId);
    for (const time of runnable.taskMs) {
      if (running.size === cores) finishOne();
      const end = now + Math.max(1, time);
      last = Math.max(last, end);
      running.push(end, TASK_END, runnable.stageId);
    }
  }
  // As the original does, jobs without stages count only where there is nothing else in the group.
  return last;
}

function total<T>(items: Iterable<T>, of: (item: T) => number): number {
  let all = 0;
  for (const item of items) all += of(item);
  return all;
}

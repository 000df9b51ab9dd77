import {
  QUANTILES,
  TASK_SUCCEEDED,
  type Quantiles,
  type RunDetail,
  type StageDetail,
} from '../../src/documents/run-detail.ts';

export interface SyntheticStage {
  /** Run time of each task; an overhead of 0. */
  readonly tasks: readonly number[];
  readonly parents?: readonly number[];
}
export interface SyntheticJob {
  readonly stages: readonly number[];
  readonly gapMs?: number;
}

/** A run made up for a test: jobs one after the other, replayed by hand on `executors` of `cores` to get its times. */
export interface SyntheticOptions {
  readonly stages: number;
  readonly tasksPerStage: number;
  readonly executors?: number;
  readonly cores?: number;
  readonly seed?: number;
}

/** Stages in a chain, each in a job of its own, tasks of 20 to 220 ms, greedily packed: consistent with any replay. */
export function syntheticRun({ stages, tasksPerStage, executors = 8, cores = 4, seed = 1 }: SyntheticOptions): {
  readonly detail: RunDetail;
} {
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const list = Array.from({ length: stages }, () =>
    Array.from({ length: tasksPerStage }, () => Math.round(20 + 200 * random())),
  );
  return { detail: chainOfJobs(list, { executors, cores }) };
}

export interface ChainOptions {
  readonly executors: number;
  readonly cores: number;
  readonly firstJobMs?: number;
  readonly gapMs?: number;
  readonly tailMs?: number;
}

/** One job per stage, one after the other; each task goes to the slot that is free first. */
export function chainOfJobs(stages: readonly (readonly number[])[], options: ChainOptions): RunDetail {
  const { executors, cores, firstJobMs = 1000, gapMs = 100, tailMs = 50 } = options;
  let now = firstJobMs;
  const details: StageDetail[] = [];
  const jobs: RunDetail['jobs'][number][] = [];
  for (const [id, durations] of stages.entries()) {
    const free = new Array<number>(executors * cores).fill(now);
    const launch: number[] = [];
    const executor: number[] = [];
    for (const duration of durations) {
      const slot = free.indexOf(Math.min(...free));
      launch.push(free[slot]!);
      executor.push(slot % executors);
      free[slot] = free[slot]! + duration;
    }
    const end = durations.reduce((time, duration, i) => Math.max(time, launch[i]! + duration), now);
    details.push(stageOf(id, { tasks: durations }, { launch, executor, submitted: now, completed: end }));
    jobs.push({ jobId: id, submitted: now, ended: end, succeeded: true, stageIds: [id] });
    now = end + gapMs;
  }
  return runOf(details, jobs, { executors, cores, end: now - (stages.length > 0 ? gapMs : 0) + tailMs });
}

export interface StageTimes {
  readonly launch: readonly number[];
  readonly executor: readonly number[];
  readonly submitted: number;
  readonly completed: number | undefined;
}

export function stageOf(stageId: number, { tasks, parents = [] }: SyntheticStage, times: StageTimes): StageDetail {
  const zeros = tasks.map(() => 0);
  const none = quantilesOf(zeros);
  return {
    stageId,
    attemptId: 0,
    name: `stage ${stageId}`,
    parentIds: parents,
    numTasks: tasks.length,
    submitted: times.submitted,
    completed: times.completed,
    resourceProfileId: 0,
    cached: { memoryBytes: 0, diskBytes: 0, partitions: 0, ofPartitions: 0 },
    launchedTasks: tasks.length,
    succeededTasks: tasks.length,
    failedTasks: 0,
    killedTasks: 0,
    speculativeTasks: 0,
    locality: { NO_PREF: tasks.length },
    sums: { executorRunTime: tasks.reduce((total, value) => total + value, 0) },
    quantiles: {
      count: tasks.length,
      duration: quantilesOf(tasks),
      executorRunTime: quantilesOf(tasks),
      executorCpuTimeMs: none,
      jvmGcTime: none,
      schedulerDelay: none,
      executorDeserializeTime: none,
      inputBytes: none,
      inputRecords: none,
      outputBytes: none,
      shuffleReadBytes: none,
      shuffleReadRecords: none,
      shuffleFetchWaitTime: none,
      shuffleWriteBytes: none,
      memoryBytesSpilled: none,
      diskBytesSpilled: none,
      peakExecutionMemory: none,
    },
    tasks: {
      index: [...tasks.keys()],
      attempt: zeros,
      launch: times.launch,
      duration: tasks,
      executorRunTime: tasks,
      executorCpuTimeMs: zeros,
      jvmGcTime: zeros,
      executorDeserializeTime: zeros,
      executor: times.executor,
      status: tasks.map(() => TASK_SUCCEEDED),
      speculative: zeros,
      inputBytes: zeros,
      shuffleReadBytes: zeros,
      shuffleWriteBytes: zeros,
      memoryBytesSpilled: zeros,
      diskBytesSpilled: zeros,
      peakExecutionMemory: zeros,
    },
    properties: {},
  };
}

export function runOf(
  stages: readonly StageDetail[],
  jobs: RunDetail['jobs'],
  { executors, cores, end }: { readonly executors: number; readonly cores: number; readonly end: number | undefined },
): RunDetail {
  const last = end ?? Math.max(0, ...stages.map(({ completed }) => completed ?? 0));
  return {
    schemaVersion: 1,
    applicationStart: 0,
    applicationEnd: end,
    lastEvent: last,
    executors: Array.from({ length: executors }, (_, id) => ({
      id: String(id),
      host: `host-${id}`,
      cores,
      added: 0,
      resourceProfileId: 0,
    })),
    jobs,
    stages,
    sql: [],
    failures: [],
    perExecutor: [],
    perHost: [],
    quality: {
      events: 0,
      skippedLines: 0,
      skippedExamples: [],
      hasEnd: end !== undefined,
      lostTaskEnds: 0,
      negativeTimes: 0,
      compacted: false,
    },
  };
}

/** As Spark computes them: the sorted value at index `min(floor(q * n), n - 1)`. */
export function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)] ?? 0;
  const [a, b, c, d, e, f, g] = QUANTILES;
  return [at(a), at(b), at(c), at(d), at(e), at(f), at(g)];
}

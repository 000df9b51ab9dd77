import type { RunDetail, StageDetail } from '../documents/run-detail.ts';
import { measureCosts } from './measured-costs.ts';
import { releaseRules } from './release-rules.ts';
import type { JobNode, RunModel, SourceExecutor, StageNode, StageWidth } from './run-model.ts';
import { stageTasks, type StageTasks } from './stage-tasks.ts';

export interface PrepareOptions {
  /** The run's Spark properties, as its environment page shows them. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Whether retried stages are played once (`clean`) or with every attempt (`as-it-was`). */
  readonly retries?: 'clean' | 'as-it-was' | undefined;
}

/** Builds the graph of a run: stages that ran, what they waited for, what the driver did in between. */
export function prepareRun(detail: RunDetail, options: PrepareOptions = {}): RunModel {
  const properties = options.properties ?? {};
  const horizonMs = detail.applicationEnd ?? detail.lastEvent;
  const jobs = detail.jobs.toSorted((a, b) => a.submitted - b.submitted || a.jobId - b.jobId);
  const jobOfStage = jobsOfStages(detail.stages, jobs);
  const groups = stagesThatRan(detail.stages).filter(({ first }) => jobOfStage.has(first));
  const nodeOfStage = new Map(groups.map(({ first }, node) => [first.stageId, node]));
  const tasks = groups.map(({ attempts }) => stageTasks(attempts, options.retries ?? 'clean'));
  const executors = sourceExecutors(detail, tasks);
  const cold = coldFlags(tasks, executors);
  const freeAt = slotsFree(tasks, executors);
  const children = new Set(groups.flatMap(({ first }) => first.parentIds));

  const used = executors.filter((executor) => executor.used);
  const executorCount = mostAlive(used);
  const coresPerExecutor = commonest(used.map(({ cores }) => cores)) ?? 1;
  const taskCpus = Math.max(1, Number(properties['spark.task.cpus'] ?? 1) || 1);
  const slots = Math.max(1, executorCount * Math.floor(coresPerExecutor / taskCpus));

  const completed = groups.map(({ attempts }, node) => completionOf(attempts, tasks[node]));
  const stages: StageNode[] = groups.flatMap(({ first, attempts }, node) => {
    const measured = tasks[node];
    if (measured === undefined) return [];
    const job = jobOfStage.get(first) ?? 0;
    const parents = first.parentIds.flatMap((id) => nodeOfStage.get(id) ?? []).filter((parent) => parent !== node);
    const ready = parents.reduce((time, parent) => Math.max(time, completed[parent] ?? 0), jobs[job]?.submitted ?? 0);
    return {
      stageId: first.stageId,
      attemptId: attempts.at(-1)?.attemptId ?? 0,
      name: first.name,
      job,
      parents,
      runTimes: measured.runTimes,
      measured,
      cold: cold[node] ?? new Uint8Array(0),
      delayMs: delayOf(first, measured, ready, freeAt),
      completedMs: completed[node] ?? horizonMs,
      pool: first.properties['spark.scheduler.pool'] ?? 'default',
      resourceProfileId: first.resourceProfileId,
      writesShuffle: children.has(first.stageId) || (first.quantiles?.shuffleWriteBytes.at(-1) ?? 0) > 0,
      cachesBlocks: attempts.some(({ cached }) => cached.partitions > 0),
      width: widthOf(first, parents.length > 0, jobs[job]?.sqlExecutionId !== undefined, slots, properties),
    };
  });

  const { rules, alternatives } = releaseRules(jobs, horizonMs);
  const jobNodes: JobNode[] = jobs.map((job, index) => {
    const own = stages.flatMap((stage, node) => (stage.job === index ? [node] : []));
    const endedMs = job.ended ?? horizonMs;
    const worked = own.reduce((time, node) => Math.max(time, completed[node] ?? 0), job.submitted);
    return {
      jobId: job.jobId,
      submittedMs: job.submitted,
      endedMs,
      sqlExecutionId: job.sqlExecutionId,
      release: rules[index] ?? { kind: 'start' },
      alternative: alternatives[index],
      stages: own,
      endDelayMs: Math.max(0, endedMs - worked),
    };
  });
  const lastJobEnd = jobNodes.reduce((time, job) => Math.max(time, job.endedMs), 0);
  return {
    stages,
    jobs: jobNodes,
    executors,
    executorCount,
    coresPerExecutor,
    slots,
    durationMs: horizonMs,
    firstJobMs: jobs[0]?.submitted ?? horizonMs,
    tailMs: Math.max(0, horizonMs - lastJobEnd),
    costs: measureCosts(tasks, cold, executors),
    sharesHost: sharesHost(detail, properties),
    taskCpus,
    fairScheduling: (properties['spark.scheduler.mode'] ?? 'FIFO').toUpperCase() === 'FAIR',
    precision: tasks.some(({ fromQuantiles }) => fromQuantiles) ? 'quantiles' : 'log',
  };
}

interface StageGroup {
  readonly first: StageDetail;
  readonly attempts: readonly StageDetail[];
}

/** A stage that was listed and never launched a task was skipped, unless it had no task to launch. */
function stagesThatRan(stages: readonly StageDetail[]): StageGroup[] {
  const attempts = new Map<number, StageDetail[]>();
  for (const stage of stages) {
    if (stage.submitted === undefined && stage.launchedTasks === 0) continue;
    const list = attempts.get(stage.stageId) ?? [];
    list.push(stage);
    attempts.set(stage.stageId, list);
  }
  return [...attempts.values()]
    .map((list) => list.toSorted((a, b) => a.attemptId - b.attemptId))
    .flatMap((list) => (list[0] === undefined ? [] : [{ first: list[0], attempts: list }]))
    .sort((a, b) => a.first.stageId - b.first.stageId);
}

/** The job of a stage is the latest one listing it that was submitted not later than the stage. */
function jobsOfStages(stages: readonly StageDetail[], jobs: RunDetail['jobs']): Map<StageDetail, number> {
  const jobsListing = new Map<number, number[]>();
  for (const [index, job] of jobs.entries()) {
    for (const id of job.stageIds) {
      const list = jobsListing.get(id);
      if (list === undefined) jobsListing.set(id, [index]);
      else list.push(index);
    }
  }
  const found = new Map<StageDetail, number>();
  for (const stage of stages) {
    const listing = jobsListing.get(stage.stageId) ?? [];
    const submitted = stage.submitted ?? Infinity;
    const job = listing.findLast((index) => (jobs[index]?.submitted ?? 0) <= submitted) ?? listing[0];
    if (job !== undefined) found.set(stage, job);
  }
  return found;
}

function completionOf(attempts: readonly StageDetail[], tasks: StageTasks | undefined): number {
  const completed = attempts.flatMap((stage) => stage.completed ?? []);
  if (completed.length === attempts.length) return Math.max(...completed);
  // An open stage: its known tasks are replayed, and what passed after them stays with its job.
  const submitted = attempts.reduce((time, stage) => Math.max(time, stage.submitted ?? 0), 0);
  return (tasks?.ends ?? new Float64Array(0)).reduce((time, end) => Math.max(time, end), submitted);
}

function sourceExecutors(detail: RunDetail, tasks: readonly StageTasks[]): SourceExecutor[] {
  const used = new Set<number>();
  for (const { executors } of tasks) for (const executor of executors) used.add(executor);
  const lastJobEnd = detail.jobs.reduce((time, job) => Math.max(time, job.ended ?? Infinity), 0);
  const unknown = used.size === 0 || used.has(-1);
  const local = detail.executors.length === 1;
  return detail.executors.map((life, index) => ({
    cores: life.cores,
    addedMs: life.added,
    removedMs: life.removed ?? Infinity,
    resourceProfileId: life.resourceProfileId,
    used: unknown ? (life.id !== 'driver' || local) && life.added < lastJobEnd : used.has(index),
  }));
}

/** Marks the tasks among the first of their executor, one for each of its cores. */
function coldFlags(tasks: readonly StageTasks[], executors: readonly SourceExecutor[]): Uint8Array[] {
  const flags = tasks.map(({ runTimes }) => new Uint8Array(runTimes.length));
  const firsts = executors.map((): { stage: number; task: number; launch: number }[] => []);
  for (const [stage, { launches, executors: on }] of tasks.entries()) {
    for (const [task, launch] of launches.entries()) {
      const first = firsts[on[task] ?? -1];
      const cores = executors[on[task] ?? -1]?.cores ?? 0;
      // Old logs of local mode do not tell the cores of the driver, which ran the tasks.
      if (first === undefined || cores === 0) continue;
      if (first.length < cores) first.push({ stage, task, launch });
      else {
        const latest = first.reduce((a, b) => (b.launch >= a.launch ? b : a));
        if (launch < latest.launch) Object.assign(latest, { stage, task, launch });
      }
    }
  }
  flagRebuilt(tasks, flags, executors);
  for (const first of firsts) for (const { stage, task } of first) (flags[stage] ?? new Uint8Array(0))[task] = 1;
  return flags;
}

/** Coalescing aims at the number of cores and ends up to a quarter above it. */
const ADAPTIVE_EXCESS = 1.25;

function widthOf(
  stage: StageDetail,
  reads: boolean,
  isSql: boolean,
  slots: number,
  properties: Readonly<Record<string, string>>,
): StageWidth {
  const of = (name: string): string | undefined => stage.properties[name] ?? properties[name];
  const { numTasks } = stage;
  if (slots < 2 || numTasks < 2) return 'measured';
  const adaptive = isSql && (of('spark.sql.adaptive.enabled') ?? 'true') === 'true';
  if (adaptive && reads && numTasks >= slots && numTasks <= ADAPTIVE_EXCESS * slots) return 'adaptive';
  if (isSql && reads && numTasks === Number(of('spark.sql.shuffle.partitions') ?? 200)) return 'shuffle-partitions';
  if (numTasks === Number(of('spark.default.parallelism') ?? NaN)) return 'measured';
  if (numTasks === slots || numTasks === 2 * slots) return adaptive ? 'adaptive' : 'slots';
  return 'measured';
}

/**
 * Of rebuilt tasks, whose order is not known, the first of each stage are taken for the cold ones, until there was one for
 * each core of every executor that was there.
 */
function flagRebuilt(
  tasks: readonly StageTasks[],
  flags: readonly Uint8Array[],
  executors: readonly SourceExecutor[],
): void {
  const order = [...tasks.keys()].filter((i) => tasks[i]?.fromQuantiles === true && tasks[i].launches.length > 0);
  order.sort((a, b) => (tasks[a]?.launches[0] ?? 0) - (tasks[b]?.launches[0] ?? 0));
  let cold = 0;
  for (const i of order) {
    const end = tasks[i]?.ends[0] ?? 0;
    const slots = executors.reduce((sum, { used, cores, addedMs }) => sum + (used && addedMs < end ? cores : 0), 0);
    const here = flags[i]?.subarray(0, Math.max(0, slots - cold)) ?? new Uint8Array(0);
    here.fill(1);
    cold += here.length;
  }
}

type SlotsFree = (time: number) => boolean;

/** Whether some slot was free at a time: then a stage that did not start was waited for by nobody but the driver. */
function slotsFree(tasks: readonly StageTasks[], executors: readonly SourceExecutor[]): SlotsFree {
  if (tasks.some(({ fromQuantiles }) => fromQuantiles)) return () => true;
  const launches = joined(tasks.map((stage) => stage.launches)).sort();
  const ends = joined(tasks.map((stage) => stage.ends)).sort();
  return (time) => {
    const slots = executors.reduce(
      (total, { cores, addedMs, removedMs }) => total + (addedMs <= time && time < removedMs ? cores : 0),
      0,
    );
    return countUpTo(launches, time) - countUpTo(ends, time) < slots;
  };
}

function joined(arrays: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(arrays.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const array of arrays) {
    all.set(array, offset);
    offset += array.length;
  }
  return all;
}

function countUpTo(sorted: Float64Array, time: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function delayOf(stage: StageDetail, tasks: StageTasks, ready: number, freeAt: SlotsFree): number {
  const submitted = stage.submitted ?? ready;
  const submission = Math.max(0, submitted - ready);
  if (tasks.fromQuantiles || tasks.launches.length === 0) return submission;
  const launched = tasks.launches.reduce((time, launch) => Math.min(time, launch), Infinity);
  return submission + (freeAt(submitted) && freeAt(launched - 1) ? Math.max(0, launched - submitted) : 0);
}

function mostAlive(executors: readonly SourceExecutor[]): number {
  const steps = executors.flatMap(({ addedMs, removedMs }) => [
    { time: addedMs, step: 1 },
    { time: removedMs, step: -1 },
  ]);
  steps.sort((a, b) => a.time - b.time || a.step - b.step);
  let alive = 0;
  let most = 0;
  for (const { step } of steps) most = Math.max(most, (alive += step));
  return most;
}

export function commonest(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0];
}

/** In `local` and `local-cluster` mode, or where every executor names the same host, they share its cores. */
function sharesHost(detail: RunDetail, properties: Readonly<Record<string, string>>): boolean {
  const master = properties['spark.master'];
  if (master?.startsWith('local') === true) return true;
  const hosts = new Set(detail.executors.filter(({ id }) => id !== 'driver').map(({ host }) => host));
  if (hosts.size !== 1) return hosts.size === 0;
  const [host] = hosts;
  return detail.executors.length > 2 || host === 'localhost' || host === '127.0.0.1';
}

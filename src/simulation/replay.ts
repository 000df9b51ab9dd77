/* eslint-disable @typescript-eslint/no-non-null-assertion -- the hot loop: every index below is one of the array it is used on */
import type { AllocationPolicy } from './allocation-policy.ts';
import {
  ALLOCATION_TICK,
  EventHeap,
  EXECUTOR_DOWN,
  EXECUTOR_UP,
  JOB_END,
  JOB_RELEASE,
  STAGE_END,
  STAGE_READY,
  TASK_END,
} from './event-heap.ts';
import { Allocation } from './allocation.ts';
import { FreeSlots } from './free-slots.ts';
import { ReadyStages, type Pools } from './ready-stages.ts';
import type { JobNode, Release, RunModel } from './run-model.ts';

/** One executor of the cluster to replay on. */
export interface ClusterExecutor {
  readonly slots: number;
  readonly cores: number;
  readonly addedMs: number;
  /** `Infinity` for one that stays. */
  readonly removedMs: number;
  readonly resourceProfileId: number;
  /** Task time here over task time on a typical executor. */
  readonly slowness?: number | undefined;
}

export interface Cluster {
  /** Those that come by themselves; with a policy, the initial ones. */
  readonly executors: readonly ClusterExecutor[];
  readonly policy?: AllocationPolicy | undefined;
  /** What a further executor is like, where a policy may ask for one. */
  readonly newExecutor?: ClusterExecutor | undefined;
  /** From asking for an executor to its registration. */
  readonly requestLatencyMs?: number | undefined;
  /** As many slots as anybody could want: no queue, no start-up. */
  readonly unbounded?: boolean | undefined;
}

/** How long each task takes on a warm core, and what the first tasks of an executor and of a stage pay on top. */
export interface TaskTimes {
  /** Per stage, parallel to {@link RunModel.stages}. */
  readonly warmMs: readonly Float64Array[];
  readonly coldExtraMs: number;
  readonly firstWaveExtraMs: number;
}

export interface ReplayOptions {
  readonly pools?: Pools | undefined;
  /** Take the alternative reading of guessed release rules. */
  readonly alternativeRules?: boolean | undefined;
  readonly firstJobMs?: number | undefined;
  /** Factor on the driver's gaps: 1 as measured, 0 without. */
  readonly driverGapFactor?: ((job: JobNode) => number) | undefined;
}

export interface Replay {
  readonly durationMs: number;
  /** Slot time spent in tasks. */
  readonly busyMs: number;
  /** Slot time that was alive: from each executor's arrival to its removal or the end. */
  readonly aliveSlotMs: number;
  readonly aliveCoreMs: number;
  readonly executorsUsed: number;
  readonly jobRelease: Float64Array;
  readonly jobEnd: Float64Array;
  readonly stageReady: Float64Array;
  readonly stageStart: Float64Array;
  readonly stageEnd: Float64Array;
  /** False when the run cannot finish here: no executor for a stage's resource profile. */
  readonly complete: boolean;
}

/**
 * Replays a run on another cluster, event by event.
 *
 * Pure and deterministic. Costs O((tasks + jobs + stages) log slots) time and O(slots + stages) memory beyond the model.
 */
export function replay(model: RunModel, times: TaskTimes, cluster: Cluster, options: ReplayOptions = {}): Replay {
  return new Replayer(model, times, cluster, options).run();
}

class Replayer {
  readonly #model: RunModel;
  readonly #times: TaskTimes;
  readonly #cluster: Cluster;
  readonly #options: ReplayOptions;
  readonly #heap = new EventHeap();
  readonly #ready: ReadyStages;
  readonly #executors: ClusterExecutor[];
  readonly #slots = new Map<number, FreeSlots>();
  readonly #allocation: Allocation | undefined;
  readonly #launchedOn: Int32Array;
  readonly #nextTask: Int32Array;
  readonly #unfinishedTasks: Int32Array;
  readonly #unfinishedParents: Int32Array;
  readonly #children: number[][];
  readonly #unfinishedStages: Int32Array;
  readonly #waitsFor: Int32Array;
  readonly #dependents: number[][];
  readonly #forks: number[][];
  readonly #released: Uint8Array;
  readonly #firstWave: Float64Array;
  readonly jobRelease: Float64Array;
  readonly jobEnd: Float64Array;
  readonly stageReady: Float64Array;
  readonly stageStart: Float64Array;
  readonly stageEnd: Float64Array;
  #busyMs = 0;
  #jobsLeft: number;
  #lastJobEnd = 0;

  constructor(model: RunModel, times: TaskTimes, cluster: Cluster, options: ReplayOptions) {
    this.#model = model;
    this.#times = times;
    this.#cluster = cluster;
    this.#options = options;
    const { stages, jobs } = model;
    this.#ready = new ReadyStages(stages, jobs, options.pools ?? { fair: model.fairScheduling });
    this.#executors = [...cluster.executors];
    const policy = cluster.policy;
    // A policy may replace executors it let go; a generous bound keeps the arrays typed.
    const most = policy === undefined ? this.#executors.length : this.#executors.length + 64 + policy.maxExecutors * 16;
    const mostSlots = this.#executors.reduce(
      (slots, executor) => Math.max(slots, executor.slots),
      cluster.newExecutor?.slots ?? 1,
    );
    for (const profile of new Set([
      0,
      ...stages.map((stage) => stage.resourceProfileId),
      ...this.#executors.map((executor) => executor.resourceProfileId),
    ])) {
      this.#slots.set(profile, new FreeSlots(most, mostSlots));
    }
    this.#launchedOn = new Int32Array(most);
    this.#nextTask = new Int32Array(stages.length);
    this.#unfinishedTasks = Int32Array.from(times.warmMs, (tasks) => tasks.length);
    this.#unfinishedParents = Int32Array.from(stages, (stage) => stage.parents.length + 1);
    this.#children = stages.map(() => []);
    for (const [node, stage] of stages.entries())
      for (const parent of stage.parents) this.#children[parent]?.push(node);
    this.#unfinishedStages = Int32Array.from(jobs, (job) => job.stages.length);
    this.#waitsFor = new Int32Array(jobs.length);
    this.#dependents = jobs.map(() => []);
    this.#forks = jobs.map(() => []);
    this.#released = new Uint8Array(jobs.length);
    this.#firstWave = new Float64Array(stages.length);
    this.jobRelease = new Float64Array(jobs.length);
    this.jobEnd = new Float64Array(jobs.length);
    this.stageReady = new Float64Array(stages.length);
    this.stageStart = new Float64Array(stages.length).fill(-1);
    this.stageEnd = new Float64Array(stages.length).fill(-1);
    this.#jobsLeft = jobs.length;
    this.#allocation =
      policy === undefined
        ? undefined
        : new Allocation(policy, cluster.requestLatencyMs ?? 0, mostSlots, most, this.#heap);
  }

  run(): Replay {
    const firstJobMs = this.#options.firstJobMs ?? this.#model.firstJobMs;
    if (this.#cluster.unbounded !== true) {
      for (const [index, executor] of this.#executors.entries()) {
        this.#heap.push(Math.max(0, executor.addedMs), EXECUTOR_UP, index);
        if (executor.removedMs !== Infinity) this.#heap.push(Math.max(0, executor.removedMs), EXECUTOR_DOWN, index);
      }
      this.#allocation?.start(this.#executors.length);
    }
    for (const [index, job] of this.#model.jobs.entries()) this.#register(index, this.#ruleOf(job), firstJobMs);

    const heap = this.#heap;
    while (heap.size > 0 && this.#jobsLeft > 0) {
      const now = heap.nextTime;
      do {
        heap.take();
        this.#happen(now);
      } while (heap.nextTime === now);
      if (this.#ready.size > 0) this.#launch(now);
    }
    return this.#result(firstJobMs);
  }

  #ruleOf(job: JobNode): Release {
    return (this.#options.alternativeRules === true ? job.alternative : undefined) ?? job.release;
  }

  #register(index: number, rule: Release, firstJobMs: number): void {
    if (rule.kind === 'start') this.#heap.push(firstJobMs, JOB_RELEASE, index);
    else if (rule.kind === 'fork') this.#forks[rule.job]?.push(index);
    else {
      this.#waitsFor[index] = rule.jobs.length;
      for (const earlier of rule.jobs) this.#dependents[earlier]?.push(index);
    }
  }

  #happen(now: number): void {
    const { kind, subject, executor } = this.#heap;
    switch (kind) {
      case TASK_END:
        this.#endTask(now, subject, executor);
        break;
      case EXECUTOR_UP:
        this.#addExecutor(now, subject);
        break;
      case EXECUTOR_DOWN:
        this.#removeExecutor(now, subject);
        break;
      case STAGE_END:
        this.#endStage(now, subject);
        break;
      case JOB_END:
        this.#endJob(now, subject);
        break;
      case JOB_RELEASE:
        this.#releaseJob(now, subject);
        break;
      case STAGE_READY:
        this.#readyStage(now, subject);
        break;
      case ALLOCATION_TICK:
        this.#allocation?.tick(now);
        break;
    }
  }

  #addExecutor(now: number, index: number): void {
    let executor = this.#executors[index];
    if (executor === undefined) {
      const like = this.#cluster.newExecutor;
      if (like === undefined) return;
      executor = { ...like, addedMs: now, removedMs: Infinity };
      this.#executors[index] = executor;
    } else if (executor.addedMs !== now) this.#executors[index] = executor = { ...executor, addedMs: now };
    this.#slots.get(executor.resourceProfileId)?.add(index, executor.slots);
    this.#allocation?.added(now, index);
  }

  #removeExecutor(now: number, index: number): void {
    const executor = this.#executors[index];
    if (executor === undefined) return;
    const slots = this.#slots.get(executor.resourceProfileId);
    if (this.#allocation !== undefined && !this.#allocation.mayRemove(now, index)) return;
    slots?.remove(index, executor.slots);
    this.#executors[index] = { ...executor, removedMs: now };
  }

  #releaseJob(now: number, index: number): void {
    this.jobRelease[index] = now;
    this.#released[index] = 1;
    for (const fork of this.#forks[index] ?? []) {
      const rule = this.#ruleOf(this.#model.jobs[fork]!);
      this.#heap.push(now + (rule.kind === 'fork' ? rule.offsetMs * this.#gapFactor(fork) : 0), JOB_RELEASE, fork);
    }
    const job = this.#model.jobs[index]!;
    if (job.stages.length === 0) this.#heap.push(now + job.endDelayMs, JOB_END, index);
    for (const stage of job.stages) this.#countDown(now, stage);
  }

  #countDown(now: number, stage: number): void {
    const left = this.#unfinishedParents[stage]! - 1;
    this.#unfinishedParents[stage] = left;
    if (left > 0) return;
    this.#heap.push(now + (this.#model.stages[stage]?.delayMs ?? 0), STAGE_READY, stage);
  }

  #readyStage(now: number, stage: number): void {
    this.stageReady[stage] = now;
    const tasks = this.#times.warmMs[stage]!;
    if (tasks.length === 0) {
      this.stageStart[stage] = now;
      this.#heap.push(now, STAGE_END, stage);
    } else if (this.#cluster.unbounded === true) {
      this.stageStart[stage] = now;
      let longest = 0;
      for (const warmMs of tasks) {
        const taskMs = warmMs + this.#times.firstWaveExtraMs;
        this.#busyMs += taskMs;
        if (taskMs > longest) longest = taskMs;
      }
      this.#heap.push(now + longest, STAGE_END, stage);
    } else {
      this.#ready.add(stage, tasks.length);
      this.#allocation?.submitted(now, tasks.length);
    }
  }

  #launch(now: number): void {
    const { coldExtraMs, firstWaveExtraMs } = this.#times;
    const ready = this.#ready;
    for (const [profile, slots] of this.#slots) {
      while (slots.total > 0) {
        const stage = ready.next(profile);
        if (stage === -1) break;
        const tasks = this.#times.warmMs[stage]!;
        const task = this.#nextTask[stage]!;
        this.#nextTask[stage] = task + 1;
        if (task === 0) {
          this.stageStart[stage] = now;
          this.#firstWave[stage] = slots.capacity;
        }
        const executor = slots.take();
        const at = this.#executors[executor]!;
        let taskMs = tasks[task]!;
        if (task < this.#firstWave[stage]!) taskMs += firstWaveExtraMs;
        if (this.#launchedOn[executor]! < at.slots) {
          this.#launchedOn[executor] = this.#launchedOn[executor]! + 1;
          taskMs += coldExtraMs;
        }
        if (at.slowness !== undefined) taskMs *= at.slowness;
        this.#busyMs += taskMs;
        ready.launched(stage);
        this.#allocation?.launched(now, executor);
        this.#heap.push(now + taskMs, TASK_END, stage, executor);
      }
    }
  }

  #endTask(now: number, stage: number, executor: number): void {
    const at = this.#executors[executor]!;
    if (at.removedMs > now) this.#slots.get(at.resourceProfileId)!.give(executor);
    const node = this.#model.stages[stage];
    this.#allocation?.ended(now, executor, node?.writesShuffle === true, node?.cachesBlocks === true);
    this.#ready.ended(stage);
    const left = this.#unfinishedTasks[stage]! - 1;
    this.#unfinishedTasks[stage] = left;
    if (left === 0) this.#endStage(now, stage);
  }

  #endStage(now: number, stage: number): void {
    this.stageEnd[stage] = now;
    for (const child of this.#children[stage] ?? []) this.#countDown(now, child);
    const job = this.#model.stages[stage]?.job ?? 0;
    const left = this.#unfinishedStages[job]! - 1;
    this.#unfinishedStages[job] = left;
    if (left === 0) this.#heap.push(now + (this.#model.jobs[job]?.endDelayMs ?? 0), JOB_END, job);
  }

  #endJob(now: number, index: number): void {
    this.jobEnd[index] = now;
    this.#lastJobEnd = Math.max(this.#lastJobEnd, now);
    this.#jobsLeft -= 1;
    for (const dependent of this.#dependents[index] ?? []) {
      const left = this.#waitsFor[dependent]! - 1;
      this.#waitsFor[dependent] = left;
      if (left > 0) continue;
      const rule = this.#ruleOf(this.#model.jobs[dependent]!);
      const gap = rule.kind === 'after' ? Math.max(0, rule.gapMs) : 0;
      this.#heap.push(now + gap * this.#gapFactor(dependent), JOB_RELEASE, dependent);
    }
  }

  #gapFactor(job: number): number {
    const factor = this.#options.driverGapFactor;
    return factor === undefined ? 1 : factor(this.#model.jobs[job]!);
  }

  #result(firstJobMs: number): Replay {
    const durationMs = (this.#model.jobs.length === 0 ? firstJobMs : this.#lastJobEnd) + this.#model.tailMs;
    let aliveSlotMs = 0;
    let aliveCoreMs = 0;
    let executorsUsed = 0;
    for (const { addedMs, removedMs, slots, cores } of this.#executors) {
      const aliveMs = Math.max(0, Math.min(removedMs, durationMs) - Math.max(0, addedMs));
      aliveSlotMs += aliveMs * slots;
      aliveCoreMs += aliveMs * cores;
      if (aliveMs > 0) executorsUsed += 1;
    }
    return {
      durationMs,
      busyMs: this.#busyMs,
      aliveSlotMs,
      aliveCoreMs,
      executorsUsed,
      jobRelease: this.jobRelease,
      jobEnd: this.jobEnd,
      stageReady: this.stageReady,
      stageStart: this.stageStart,
      stageEnd: this.stageEnd,
      complete: this.#jobsLeft === 0,
    };
  }
}

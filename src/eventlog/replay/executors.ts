import type { ExecutorSummary } from '../../spark/rest.ts';
import { formatRestTime } from '../../spark/rest-time.ts';
import type { RestDialect } from './executor-metrics.ts';
import { PeakMetrics } from './executor-metrics.ts';
import { ExactSums } from './exact-sums.ts';
import type { JsonRecord } from './json-fields.ts';
import { intField, listField, optionalInt, optionalRecord, recordField, textField, textMap } from './json-fields.ts';
import type { StorageLevel } from './storage-level.ts';
import type { TaskRecord } from './task-record.ts';
import { GC_TIME, INPUT_BYTES, LOCAL_BYTES, REMOTE_BYTES, WRITE_BYTES } from './task-metrics.ts';

export const DRIVER = 'driver';
/** Blocks of decommissioned executors live under this id; the server does not show it. */
const FALLBACK_STORAGE = 'fallback';

const DURATION_SLOT = 0;
const GC_SLOT = 1;
const INPUT_SLOT = 2;
const SHUFFLE_READ_SLOT = 3;
const SHUFFLE_WRITE_SLOT = 4;

/** An executor between its first event and its removal; an id that comes back is a new one. */
export class LiveExecutor {
  readonly id: string;
  readonly addTime: number;
  host: string | undefined;
  hostPort: string | undefined;
  isActive = true;
  removeTime: number | undefined;
  removeReason: string | undefined;
  totalCores = 0;
  maxTasks = 0;
  maxMemory: number | bigint = 0;
  resourceProfileId = 0;
  logs: Readonly<Record<string, string>> = {};
  attributes: Readonly<Record<string, string>> = {};
  resources: Readonly<Record<string, unknown>> = {};

  totalTasks = 0;
  activeTasks = 0;
  completedTasks = 0;
  failedTasks = 0;
  readonly sums = new ExactSums(5);
  readonly peaks = new PeakMetrics();

  isExcluded = false;
  readonly excludedInStages = new Set<number>();

  rddBlocks = 0;
  memoryUsed = 0;
  diskUsed = 0;
  /** -1 where the log does not tell, before Spark 2.2. */
  totalOnHeap = -1;
  totalOffHeap = 0;
  usedOnHeap = 0;
  usedOffHeap = 0;

  constructor(id: string, addTime: number) {
    this.id = id;
    this.addTime = addTime;
  }

  get hasMemoryInfo(): boolean {
    return this.totalOnHeap >= 0;
  }

  get hostname(): string {
    return this.host ?? (this.hostPort ?? '').replace(/:\d+$/, '');
  }

  get address(): string {
    return this.hostPort ?? this.host ?? '';
  }

  /** Takes `ExecutorAdded`'s description. */
  describe(info: JsonRecord, tasksPerExecutor: (cores: number, profileId: number) => number): void {
    this.host = textField(info, 'Host');
    this.isActive = true;
    this.totalCores = intField(info, 'Total Cores');
    this.resourceProfileId = optionalInt(info, 'Resource Profile Id') ?? 0;
    this.maxTasks = tasksPerExecutor(this.totalCores, this.resourceProfileId);
    this.logs = textMap(optionalRecord(info, 'Log Urls'));
    this.attributes = textMap(optionalRecord(info, 'Attributes'));
    this.resources = readResources(optionalRecord(info, 'Resources'));
  }

  remove(time: number, reason: string): void {
    this.isActive = false;
    this.removeTime = time;
    this.removeReason = reason;
  }

  startTask(): void {
    this.activeTasks++;
    this.totalTasks++;
  }

  endTask(task: TaskRecord): void {
    const resubmitted = task.reason === 'Resubmitted';
    if (!resubmitted) this.activeTasks--;
    if (task.reason === 'Success') this.completedTasks++;
    else if (task.reason !== 'TaskKilled' && task.reason !== 'TaskCommitDenied') this.failedTasks++;
    this.sums.add(DURATION_SLOT, task.duration);
    this.peaks.raise(task.executorMetrics);
    // The metrics of a resubmitted task were counted when it succeeded.
    if (resubmitted) return;

    const { metrics } = task;
    this.sums.add(GC_SLOT, metrics[GC_TIME] ?? 0);
    this.sums.add(INPUT_SLOT, metrics[INPUT_BYTES] ?? 0);
    this.sums.add(SHUFFLE_READ_SLOT, (metrics[LOCAL_BYTES] ?? 0) + (metrics[REMOTE_BYTES] ?? 0));
    this.sums.add(SHUFFLE_WRITE_SLOT, metrics[WRITE_BYTES] ?? 0);
  }

  /** A block of this level came (positive) or went (negative). */
  addStorage(level: StorageLevel, memoryDelta: number, diskDelta: number): void {
    if (this.hasMemoryInfo) {
      if (level.useOffHeap) this.usedOffHeap = addDelta(this.usedOffHeap, memoryDelta);
      else this.usedOnHeap = addDelta(this.usedOnHeap, memoryDelta);
    }
    this.memoryUsed = addDelta(this.memoryUsed, memoryDelta);
    this.diskUsed = addDelta(this.diskUsed, diskDelta);
  }

  /** @param driverMs - how long the application ran, which the server shows as the driver's duration */
  toRest(dialect: RestDialect, driverMs: number | undefined): ExecutorSummary {
    const peakMemoryMetrics = this.peaks.toRest(dialect);
    const isDriver = this.id === DRIVER;
    const excludedInStages = [...this.excludedInStages].sort((a, b) => a - b);
    return {
      id: this.id,
      hostPort: this.address,
      isActive: this.isActive,
      rddBlocks: this.rddBlocks,
      memoryUsed: this.memoryUsed,
      diskUsed: this.diskUsed,
      totalCores: this.totalCores,
      maxTasks: this.maxTasks,
      activeTasks: this.activeTasks,
      failedTasks: this.failedTasks,
      completedTasks: this.completedTasks,
      totalTasks: this.totalTasks,
      totalDuration: isDriver && driverMs !== undefined ? driverMs : this.sums.get(DURATION_SLOT),
      totalGCTime: isDriver && this.peaks.isSet ? this.peaks.totalGcTime : this.sums.get(GC_SLOT),
      totalInputBytes: this.sums.get(INPUT_SLOT),
      totalShuffleRead: this.sums.get(SHUFFLE_READ_SLOT),
      totalShuffleWrite: this.sums.get(SHUFFLE_WRITE_SLOT),
      isBlacklisted: this.isExcluded,
      maxMemory: this.maxMemory,
      addTime: formatRestTime(this.addTime),
      ...(this.removeTime === undefined ? {} : { removeTime: formatRestTime(this.removeTime) }),
      ...(this.removeReason === undefined ? {} : { removeReason: this.removeReason }),
      executorLogs: this.logs,
      ...(this.hasMemoryInfo
        ? {
            memoryMetrics: {
              usedOnHeapStorageMemory: this.usedOnHeap,
              usedOffHeapStorageMemory: this.usedOffHeap,
              totalOnHeapStorageMemory: this.totalOnHeap,
              totalOffHeapStorageMemory: this.totalOffHeap,
            },
          }
        : {}),
      blacklistedInStages: excludedInStages,
      ...(peakMemoryMetrics === undefined ? {} : { peakMemoryMetrics }),
      attributes: this.attributes,
      resources: this.resources,
      resourceProfileId: this.resourceProfileId,
      isExcluded: this.isExcluded,
      excludedInStages,
    };
  }
}

/** Adds, but never below zero. */
export function addDelta(old: number, delta: number): number {
  return Math.max(0, old + delta);
}

/** The executors of a run: the live ones by id, and of each id the row that the server would keep. */
export class Executors {
  readonly live = new Map<string, LiveExecutor>();
  /** Removed ones that a stage still open may yet report peaks of. */
  readonly #dead = new Map<string, LiveExecutor>();
  readonly #rows = new Map<string, LiveExecutor>();

  getOrAdd(id: string, time: number): LiveExecutor {
    let executor = this.live.get(id);
    if (executor === undefined) {
      executor = new LiveExecutor(id, time);
      this.live.set(id, executor);
    }
    return executor;
  }

  /** @param isNeeded - whether a stage is open that began before this time */
  remove(id: string, time: number, reason: string, isNeeded: (time: number) => boolean): LiveExecutor | undefined {
    const executor = this.live.get(id);
    if (executor === undefined) return undefined;
    this.live.delete(id);
    executor.remove(time, reason);
    this.#rows.set(id, executor);
    if (isNeeded(time)) this.#dead.set(id, executor);
    return executor;
  }

  /** Forgets removed executors for which no stage is open any more. */
  forgetDead(isNeeded: (time: number) => boolean): void {
    for (const [id, executor] of this.#dead) if (!isNeeded(executor.removeTime ?? 0)) this.#dead.delete(id);
  }

  /** Peaks that a stage reported at its end. */
  raisePeaks(id: string, metrics: Float64Array): void {
    const executor = this.live.get(id) ?? this.#dead.get(id);
    if (executor?.peaks.raise(metrics) === true) this.#rows.set(id, executor);
  }

  onHost(host: string): LiveExecutor[] {
    return [...this.live.values()].filter((one) => one.hostname === host && one.id !== DRIVER);
  }

  /** Sorted by id as text, as the server lists them. */
  rows(): LiveExecutor[] {
    const rows = new Map([...this.#rows, ...this.live]);
    rows.delete(FALLBACK_STORAGE);
    return [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }
}

function readResources(resources: JsonRecord | undefined): Readonly<Record<string, unknown>> {
  if (resources === undefined) return {};
  return Object.fromEntries(
    Object.keys(resources).map((key) => {
      const resource = recordField(resources, key);
      return [key, { name: textField(resource, 'name'), addresses: listField(resource, 'addresses').map(String) }];
    }),
  );
}

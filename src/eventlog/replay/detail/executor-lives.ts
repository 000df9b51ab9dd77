import type { ExecutionSums, ExecutorLife } from '../../../documents/run-detail.ts';
import type { LiveExecutor } from '../executors.ts';
import { DRIVER } from '../executors.ts';
import * as metric from '../task-metrics.ts';
import type { TaskRecord } from '../task-record.ts';

const NS_PER_MS = 1e6;

interface Life {
  readonly id: string;
  host: string;
  cores: number;
  resourceProfileId: number;
  readonly added: number;
  removed: number | undefined;
  removeReason: string | undefined;
  readonly sums: Sums;
}

type Sums = Record<Exclude<keyof ExecutionSums, 'name'>, number>;

/** Every executor that lived, in order of appearance, with what its tasks amounted to. An id that comes back lives again. */
export class ExecutorLives {
  readonly #lives: Life[] = [];
  readonly #latest = new Map<string, number>();

  seen(executor: LiveExecutor): void {
    const life = this.#lives[this.#latest.get(executor.id) ?? -1];
    const current =
      life === undefined || life.removed !== undefined ? this.#begin(executor.id, executor.addTime) : life;
    current.host = executor.hostname;
    current.cores = executor.totalCores;
    current.resourceProfileId = executor.resourceProfileId;
  }

  removed(executor: LiveExecutor): void {
    const life = this.#lives[this.#latest.get(executor.id) ?? -1];
    if (life === undefined) return;
    life.removed = executor.removeTime;
    life.removeReason = executor.removeReason;
  }

  /** The index of the executor a task runs on; one that the log never announced begins with its first task. */
  indexOf(task: TaskRecord): number {
    const known = this.#latest.get(task.executorId);
    if (known !== undefined) return known;
    this.#begin(task.executorId, task.launchTime).host = task.host;
    return this.#lives.length - 1;
  }

  taskEnded(index: number, task: TaskRecord): void {
    const sums = this.#lives[index]?.sums;
    if (sums === undefined) return;
    const { metrics } = task;
    sums.tasks++;
    if (task.reason !== 'Success') sums.failedTasks++;
    sums.durationMs += task.duration;
    sums.executorRunTime += metrics[metric.RUN_TIME] ?? 0;
    sums.executorCpuTimeMs += (metrics[metric.CPU_TIME] ?? 0) / NS_PER_MS;
    sums.jvmGcTime += metrics[metric.GC_TIME] ?? 0;
    sums.inputBytes += metrics[metric.INPUT_BYTES] ?? 0;
    sums.shuffleReadBytes += (metrics[metric.LOCAL_BYTES] ?? 0) + (metrics[metric.REMOTE_BYTES] ?? 0);
    sums.shuffleWriteBytes += metrics[metric.WRITE_BYTES] ?? 0;
    sums.memoryBytesSpilled += metrics[metric.MEMORY_SPILLED] ?? 0;
    sums.diskBytesSpilled += metrics[metric.DISK_SPILLED] ?? 0;
  }

  /** @param localCores - slots of a local master, which no event of old logs tells */
  lives(origin: number, localCores: number): ExecutorLife[] {
    return this.#lives.map((life) => ({
      id: life.id,
      host: life.host,
      cores: life.cores === 0 && life.id === DRIVER ? localCores : life.cores,
      added: life.added - origin,
      ...(life.removed === undefined ? {} : { removed: life.removed - origin }),
      ...(life.removeReason === undefined ? {} : { removeReason: life.removeReason }),
      resourceProfileId: life.resourceProfileId,
    }));
  }

  /** How many left before they came: clocks disagree. */
  get negativeTimes(): number {
    return this.#lives.filter((life) => life.removed !== undefined && life.removed < life.added).length;
  }

  /** Sums by executor id or by host, of those that ran tasks, in order of appearance. */
  sumsBy(key: 'id' | 'host'): ExecutionSums[] {
    const byName = new Map<string, Sums>();
    for (const life of this.#lives) {
      if (life.sums.tasks === 0) continue;
      const sums = byName.get(life[key]) ?? noSums();
      for (const name of SUM_NAMES) sums[name] += life.sums[name];
      byName.set(life[key], sums);
    }
    return [...byName].map(([name, sums]) => ({ name, ...sums }));
  }

  #begin(id: string, added: number): Life {
    const life: Life = {
      id,
      host: '',
      cores: 0,
      resourceProfileId: 0,
      added,
      removed: undefined,
      removeReason: undefined,
      sums: noSums(),
    };
    this.#lives.push(life);
    this.#latest.set(id, this.#lives.length - 1);
    return life;
  }
}

function noSums(): Sums {
  return {
    tasks: 0,
    failedTasks: 0,
    durationMs: 0,
    executorRunTime: 0,
    executorCpuTimeMs: 0,
    jvmGcTime: 0,
    inputBytes: 0,
    shuffleReadBytes: 0,
    shuffleWriteBytes: 0,
    memoryBytesSpilled: 0,
    diskBytesSpilled: 0,
  };
}

const SUM_NAMES = Object.keys(noSums()) as readonly (keyof Sums)[];

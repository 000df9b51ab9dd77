import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import type { ReplayedRun } from '../../eventlog/replay/replay.ts';
import type { CallOptions } from '../run-source.ts';
import type { EventLogsSettings } from './config.ts';
import type { ReplayTask } from './replay-task.ts';
import { ReplayThread } from './replay-thread.ts';

/** What a thread takes beside its objects: chunks, decoders, the engine itself. */
const THREAD_OVERHEAD_MB = 64;

/**
 * Replays logs in as many threads as cores and memory allow.
 *
 * Threads start when they are needed and stay for the next log; idle ones do not keep the process alive.
 */
export class ReplayPool implements AsyncDisposable {
  readonly #settings: EventLogsSettings;
  readonly #queue: PQueue;
  readonly #threads = new Set<ReplayThread>();
  readonly #idle: ReplayThread[] = [];

  constructor(settings: EventLogsSettings) {
    this.#settings = settings;
    this.#queue = new PQueue({ concurrency: settings.threads > 0 ? settings.threads : threadsFor(settings.memory_mb) });
  }

  /** How many replays keep it busy: one more than there are threads, so that none waits for the next log. */
  get concurrency(): number {
    return this.#queue.concurrency + 1;
  }

  /** @throws EventLogError as {@link ReplayThread.replay} does */
  async replay(task: ReplayTask, { signal }: CallOptions = {}): Promise<ReplayedRun> {
    return await this.#queue.add(async () => {
      const thread = this.#idle.pop() ?? this.#start();
      try {
        return await thread.replay(task, signal);
      } finally {
        if (thread.isLost) this.#threads.delete(thread);
        else this.#idle.push(thread);
      }
    });
  }

  /** Ends all threads; replays under way fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#queue.clear();
    await Promise.all([...this.#threads].map((thread) => thread[Symbol.asyncDispose]()));
  }

  #start(): ReplayThread {
    const thread = new ReplayThread(this.#settings);
    this.#threads.add(thread);
    return thread;
  }
}

/** Half of the free memory at most, so that the rest of Spot, and of the machine, has some too. */
function threadsFor(memoryMb: number): number {
  const freeMb = process.availableMemory() / 1024 ** 2;
  const fitting = Math.floor(freeMb / 2 / (memoryMb + THREAD_OVERHEAD_MB));
  return Math.max(1, Math.min(availableParallelism(), fitting));
}

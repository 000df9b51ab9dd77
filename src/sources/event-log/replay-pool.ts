import { availableParallelism } from 'node:os';
import type { CallOptions } from '../run-source.ts';
import type { EventLogsSettings } from './config.ts';
import type { ReplayTask } from './replay-task.ts';
import { type Replayed, ReplayThread } from './replay-thread.ts';
import { sharedLineMemory } from './shared-line-room.ts';

/** What a thread takes beside its objects: chunks, decoders, the engine itself. */
const THREAD_OVERHEAD_MB = 64;

interface Job {
  readonly task: ReplayTask;
  readonly signal: AbortSignal | undefined;
  readonly done: PromiseWithResolvers<Replayed>;
}

/**
 * Replays logs in as many threads as cores and memory allow.
 *
 * Threads start when they are needed and stay for the next log; idle ones do not keep the process alive. A log that
 * grows goes to the thread that read it before, and waits for it.
 */
export class ReplayPool implements AsyncDisposable {
  readonly #settings: EventLogsSettings;
  readonly #size: number;
  readonly #lineMemory: SharedArrayBuffer;
  readonly #threads = new Set<ReplayThread>();
  readonly #idle = new Set<ReplayThread>();
  readonly #waiting: Job[] = [];
  /** Which thread can go on with which growing log. */
  readonly #holders = new Map<string, ReplayThread>();
  #started = 0;

  constructor(settings: EventLogsSettings) {
    this.#settings = settings;
    this.#size = settings.threads > 0 ? settings.threads : threadsFor(settings.memory_mb);
    this.#lineMemory = sharedLineMemory(settings.max_line_bytes);
  }

  /** How many replays keep it busy: one more than there are threads, so that none waits for the next log. */
  get concurrency(): number {
    return this.#size + 1;
  }

  /** @throws EventLogError as {@link ReplayThread.replay} does */
  async replay(task: ReplayTask, { signal }: CallOptions = {}): Promise<Replayed> {
    const done = Promise.withResolvers<Replayed>();
    this.#waiting.push({ task: this.#isLastOfNone(task) ? { ...task, growth: undefined } : task, signal, done });
    this.#startWaiting();
    return await done.promise;
  }

  /** Ends all threads; replays under way fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { done } of this.#waiting.splice(0)) done.reject(new Error('The threads that replay logs were ended'));
    await Promise.all([...this.#threads].map((thread) => thread[Symbol.asyncDispose]()));
  }

  /** A log that is whole at its first reading is nothing to keep. */
  #isLastOfNone({ growth }: ReplayTask): boolean {
    return growth?.isLast === true && !this.#holders.has(growth.key);
  }

  #startWaiting(): void {
    for (const job of [...this.#waiting]) {
      const thread = this.#threadFor(job.task);
      if (thread === undefined) continue;
      this.#waiting.splice(this.#waiting.indexOf(job), 1);
      this.#idle.delete(thread);
      void this.#run(job, thread);
    }
  }

  /** @returns undefined while none is free for it */
  #threadFor({ growth }: ReplayTask): ReplayThread | undefined {
    const holder = growth === undefined ? undefined : this.#holders.get(growth.key);
    if (holder !== undefined) return this.#idle.has(holder) ? holder : undefined;
    const [idle] = this.#idle;
    return idle ?? (this.#threads.size < this.#size ? this.#start() : undefined);
  }

  async #run({ task, signal, done }: Job, thread: ReplayThread): Promise<void> {
    try {
      const replayed = await thread.replay(task, signal);
      if (replayed.kept !== undefined) this.#holds(thread, replayed.kept);
      done.resolve(replayed);
    } catch (error) {
      if (task.growth !== undefined) this.#holders.delete(task.growth.key);
      done.reject(error);
    } finally {
      if (thread.isLost) {
        this.#threads.delete(thread);
        this.#holds(thread, []);
      } else {
        this.#idle.add(thread);
      }
      this.#startWaiting();
    }
  }

  #holds(thread: ReplayThread, keys: readonly string[]): void {
    for (const [key, holder] of this.#holders) if (holder === thread) this.#holders.delete(key);
    for (const key of keys) this.#holders.set(key, thread);
  }

  #start(): ReplayThread {
    this.#started++;
    const thread = new ReplayThread({
      settings: this.#settings,
      lineMemory: this.#lineMemory,
      number: this.#started,
    });
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

import { availableParallelism } from 'node:os';
import type { CallOptions } from '../run-source.ts';
import type { EventLogsSettings } from './config.ts';
import type { ReplayTask } from './replay-task.ts';
import { type Replayed, ReplayThread } from './replay-thread.ts';
import { sharedLineMemory } from './shared-line-room.ts';

/** What a thread takes beside its objects: chunks, decoders, the engine itself. */
const THREAD_OVERHEAD_MB = 64;
/** A backlog keeps all threads at work, a log now and then one of them; what an idle one holds is 40 MB. */
const LONGEST_IDLE_MS = 60_000;

interface Job {
  readonly task: ReplayTask;
  readonly signal: AbortSignal | undefined;
  readonly done: PromiseWithResolvers<Replayed>;
}

/**
 * Replays logs in as many threads as cores and memory allow.
 *
 * Threads start when they are needed and stay for the next log, for a minute; idle ones do not keep the process alive.
 * A log that grows goes to the thread that read it before, and waits for it; while it grows that thread stays.
 */
export class ReplayPool implements AsyncDisposable {
  readonly #settings: EventLogsSettings;
  readonly #size: number;
  readonly #lineMemory: SharedArrayBuffer;
  readonly #threads = new Set<ReplayThread>();
  /** The one that was at work last comes last. Each with what ends it. */
  readonly #idle = new Map<ReplayThread, NodeJS.Timeout>();
  readonly #waiting: Job[] = [];
  /** Which thread can go on with which growing log. */
  readonly #holders = new Map<string, ReplayThread>();
  readonly #longestIdleMs: number;
  #started = 0;

  constructor(settings: EventLogsSettings, { longestIdleMs = LONGEST_IDLE_MS } = {}) {
    this.#settings = settings;
    this.#longestIdleMs = longestIdleMs;
    this.#size = settings.threads > 0 ? settings.threads : threadsFor(settings.memory_mb);
    this.#lineMemory = sharedLineMemory(settings.max_line_bytes);
  }

  /** How many replays keep it busy: one more than there are threads, so that none waits for the next log. */
  get concurrency(): number {
    return this.#size + 1;
  }

  /** How many there are just now. */
  get threads(): number {
    return this.#threads.size;
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
    for (const thread of this.#idle.keys()) this.#wake(thread);
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
      this.#wake(thread);
      void this.#run(job, thread);
    }
  }

  /** @returns undefined while none is free for it */
  #threadFor({ growth }: ReplayTask): ReplayThread | undefined {
    const holder = growth === undefined ? undefined : this.#holders.get(growth.key);
    if (holder !== undefined) return this.#idle.has(holder) ? holder : undefined;
    // The others get to be idle for long.
    const lastAtWork = [...this.#idle.keys()].at(-1);
    return lastAtWork ?? (this.#threads.size < this.#size ? this.#start() : undefined);
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
        this.#rest(thread);
      }
      this.#startWaiting();
    }
  }

  #rest(thread: ReplayThread): void {
    const timer = setTimeout(() => {
      if (![...this.#holders.values()].includes(thread)) void this.#end(thread);
    }, this.#longestIdleMs);
    this.#idle.set(thread, timer.unref());
  }

  #wake(thread: ReplayThread): void {
    clearTimeout(this.#idle.get(thread));
    this.#idle.delete(thread);
  }

  async #end(thread: ReplayThread): Promise<void> {
    this.#wake(thread);
    await thread[Symbol.asyncDispose]();
    this.#threads.delete(thread);
    this.#startWaiting();
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

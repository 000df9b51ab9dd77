import { Worker } from 'node:worker_threads';
import { type PackedRun, unpackRun } from '../../eventlog/replay/packed-run.ts';
import type { ReplayedRun } from '../../eventlog/replay/replay.ts';
import { EventLogError, toError } from '../../util/errors.ts';
import type { EventLogsSettings } from './config.ts';
import type { ReplayTask } from './replay-task.ts';
import { SharedLineRoom } from './shared-line-room.ts';
import { fromPlain, type PlainError } from './thrown.ts';

/** What the thread answers to each task. */
export type ReplayAnswer =
  | (Reading & {
      readonly run: PackedRun;
      /** What the replay has left in the thread, garbage too. */
      readonly memoryBytes: number;
    })
  | { readonly error: PlainError };

/** A run, and how it was read. */
export interface Replayed extends Reading {
  readonly run: ReplayedRun;
}

interface Reading {
  /** Stored bytes of the log that were read for it. */
  readonly bytesRead: number;
  /** Which growing logs the thread can go on with; absent where that was not asked. */
  readonly kept?: readonly string[];
}

/** What a thread is started with. */
export interface ReplayThreadData {
  readonly settings: EventLogsSettings;
  /** Of {@link sharedLineMemory}. */
  readonly lineMemory: SharedArrayBuffer;
  /** From 1. */
  readonly number: number;
}

/** The TypeScript as it stands in a checkout, and what was compiled from it in a package. */
const BODY = new URL(import.meta.url.endsWith('.ts') ? './replay-worker.ts' : './replay-worker.js', import.meta.url);

/** Of a replay nearly everything dies young: a larger nursery is only room for garbage. */
const YOUNG_GENERATION_MB = 8;

/** An idle thread may keep so much for the next log; starting another one takes a tenth of a second. */
const MAX_IDLE_BYTES = 56 * 1024 ** 2;

/** A thread that replays one log at a time, with a bound on its memory of its own. */
export class ReplayThread implements AsyncDisposable {
  /** True once the thread has ended: it takes no more tasks. */
  isLost = false;
  readonly #settings: EventLogsSettings;
  readonly #worker: Worker;

  constructor(data: ReplayThreadData) {
    const { settings, lineMemory, number } = data;
    this.#settings = settings;
    this.#worker = new Worker(BODY, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: settings.memory_mb, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.unref();
    // Without a listener an error between tasks would end the process.
    this.#worker.on('error', () => {
      this.isLost = true;
    });
    this.#worker.on('exit', () => {
      this.isLost = true;
      new SharedLineRoom(lineMemory, number).giveBack();
    });
  }

  /**
   * A replay that is aborted or takes too long loses its thread, whatever that was doing.
   *
   * @throws EventLogError `EVENT_LOG_MEMORY`, `EVENT_LOG_TIMEOUT`, and as reading and replaying do
   */
  async replay(task: ReplayTask, signal?: AbortSignal): Promise<Replayed> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<ReplayAnswer>();
    const fail = (thrown: unknown): void => {
      reject(this.#explain(thrown, task));
    };
    const onExit = (): void => {
      fail(new Error('The thread ended in the middle of a replay'));
    };
    const onAbort = (): void => {
      reject(toError(signal?.reason));
    };
    const { log_timeout_seconds: seconds } = this.#settings;
    const timer = setTimeout(() => {
      const message = `${task.layout.path} was not read within ${seconds} s (log_timeout_seconds)`;
      reject(new EventLogError('EVENT_LOG_TIMEOUT', message, { details: { path: task.layout.path, seconds } }));
    }, seconds * 1000);

    this.#worker.ref();
    this.#worker.once('message', resolve);
    this.#worker.once('error', fail);
    this.#worker.once('exit', onExit);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#worker.postMessage(task);
    let answer: ReplayAnswer;
    try {
      answer = await promise;
    } catch (error) {
      // The answer of an abandoned replay must not be taken for that of the next one.
      await this[Symbol.asyncDispose]();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#worker.off('message', resolve).off('error', fail).off('exit', onExit).unref();
    }
    if ('error' in answer) throw fromPlain(answer.error);
    const { kept = [], memoryBytes } = answer;
    // A thread gives nothing back by itself: after a long log it ends, and what it took serves to unpack the answer.
    // With logs that grow it stays, because reading those again from their first lines costs more.
    if (memoryBytes > MAX_IDLE_BYTES && kept.length === 0) await this[Symbol.asyncDispose]();
    return { ...answer, run: unpackRun(answer.run) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isLost = true;
    await this.#worker.terminate();
  }

  #explain(thrown: unknown, task: ReplayTask): Error {
    const cause = toError(thrown);
    if (!('code' in cause) || cause.code !== 'ERR_WORKER_OUT_OF_MEMORY') return cause;
    const { path } = task.layout;
    const { memory_mb: memoryMb } = this.#settings;
    const message = `${path} needs more than ${memoryMb} MiB of memory (memory_mb) to be replayed`;
    return new EventLogError('EVENT_LOG_MEMORY', message, { details: { path, memoryMb }, cause });
  }
}

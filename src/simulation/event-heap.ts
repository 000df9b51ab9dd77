/* eslint-disable @typescript-eslint/no-non-null-assertion -- the hot loop: every index below is one of the array it is used on */
/** What can happen in a replay. Lower kinds come first among events of the same instant. */
export const EXECUTOR_UP = 0;
export const EXECUTOR_DOWN = 1;
export const TASK_END = 2;
export const STAGE_END = 3;
export const JOB_END = 4;
export const JOB_RELEASE = 5;
export const STAGE_READY = 6;
export const ALLOCATION_TICK = 7;
export type EventKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/**
 * A binary min-heap of events without an object per event: three typed arrays that grow by doubling.
 *
 * Ordered by time, then kind, then subject, so that the same events give the same replay whatever the order of pushing.
 */
export class EventHeap {
  /** The event taken last by {@link take}. */
  time = 0;
  kind: EventKind = 0;
  /** What it happened to: index of an executor, stage or job. */
  subject = 0;
  /** For a task's end: the index of its executor. */
  executor = 0;

  #times = new Float64Array(64);
  #codes = new Int32Array(64);
  #executors = new Int32Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Time of the next event; `Infinity` when there is none. */
  get nextTime(): number {
    return this.#size === 0 ? Infinity : (this.#times[0] ?? Infinity);
  }

  push(time: number, kind: EventKind, subject: number, executor = 0): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const codes = this.#codes;
    const executors = this.#executors;
    const code = subject * 8 + kind;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentTime = times[parent]!;
      if (
        parentTime < time ||
        (parentTime === time && !comesBefore(code, executor, codes[parent]!, executors[parent]!))
      )
        break;
      times[at] = parentTime;
      codes[at] = codes[parent]!;
      executors[at] = executors[parent]!;
      at = parent;
    }
    times[at] = time;
    codes[at] = code;
    executors[at] = executor;
  }

  /** Moves the next event into the fields `time`, `kind`, `subject`, `executor`. The heap must not be empty. */
  take(): void {
    const times = this.#times;
    const codes = this.#codes;
    const executors = this.#executors;
    const code = codes[0]!;
    this.time = times[0]!;
    this.kind = (code & 7) as EventKind;
    this.subject = code >> 3;
    this.executor = executors[0]!;

    const size = --this.#size;
    if (size === 0) return;
    const time = times[size]!;
    const moved = codes[size]!;
    const movedExecutor = executors[size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size) {
        const leftTime = times[child]!;
        const rightTime = times[right]!;
        if (
          rightTime < leftTime ||
          (rightTime === leftTime && comesBefore(codes[right]!, executors[right]!, codes[child]!, executors[child]!))
        )
          child = right;
      }
      const childTime = times[child]!;
      if (
        time < childTime ||
        (time === childTime && !comesBefore(codes[child]!, executors[child]!, moved, movedExecutor))
      )
        break;
      times[at] = childTime;
      codes[at] = codes[child]!;
      executors[at] = executors[child]!;
      at = child;
    }
    times[at] = time;
    codes[at] = moved;
    executors[at] = movedExecutor;
  }

  #grow(): void {
    const length = this.#times.length * 2;
    const times = new Float64Array(length);
    times.set(this.#times);
    this.#times = times;
    const codes = new Int32Array(length);
    codes.set(this.#codes);
    this.#codes = codes;
    const executors = new Int32Array(length);
    executors.set(this.#executors);
    this.#executors = executors;
  }
}

function comesBefore(code: number, executor: number, otherCode: number, otherExecutor: number): boolean {
  const kind = code & 7;
  const otherKind = otherCode & 7;
  if (kind !== otherKind) return kind < otherKind;
  return code !== otherCode ? code < otherCode : executor < otherExecutor;
}

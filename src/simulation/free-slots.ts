/* eslint-disable @typescript-eslint/no-non-null-assertion -- the hot loop: every index below is one of the array it is used on */
/**
 * Which executor the next task goes to: the one with most free slots.
 *
 * Executors with the same number of free slots form a ring (a doubly linked list in typed arrays), so taking and
 * giving back a slot costs the same on ten executors and on ten thousand.
 */
export class FreeSlots {
  /** Free slots over all executors that are up. */
  total = 0;
  /** All slots of the executors that are up. */
  capacity = 0;

  readonly #free: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** The head of the list of executors with so many free slots, -1 for none. */
  readonly #heads: Int32Array;
  #most = 0;

  constructor(executors: number, mostSlots: number) {
    this.#free = new Int32Array(executors);
    this.#next = new Int32Array(executors).fill(-1);
    this.#previous = new Int32Array(executors).fill(-1);
    this.#heads = new Int32Array(mostSlots + 1).fill(-1);
  }

  add(executor: number, slots: number): void {
    this.#free[executor] = slots;
    this.total += slots;
    this.capacity += slots;
    this.#link(executor, slots);
  }

  /** Takes the executor out; its running tasks go on, and give back nothing. */
  remove(executor: number, capacity: number): void {
    const slots = this.#free[executor]!;
    this.#unlink(executor, slots);
    this.total -= slots;
    this.capacity -= capacity;
    this.#free[executor] = 0;
  }

  /** Takes a slot of the executor with most of them. `total` must be above 0. */
  take(): number {
    while (this.#heads[this.#most] === -1) this.#most -= 1;
    const executor = this.#heads[this.#most]!;
    this.#move(executor, -1);
    return executor;
  }

  give(executor: number): void {
    this.#move(executor, 1);
  }

  freeOn(executor: number): number {
    return this.#free[executor]!;
  }

  #move(executor: number, change: 1 | -1): void {
    const slots = this.#free[executor]!;
    this.#unlink(executor, slots);
    this.#free[executor] = slots + change;
    this.total += change;
    this.#link(executor, slots + change);
  }

  #link(executor: number, slots: number): void {
    const head = this.#heads[slots]!;
    this.#next[executor] = head;
    this.#previous[executor] = -1;
    if (head !== -1) this.#previous[head] = executor;
    this.#heads[slots] = executor;
    if (slots > this.#most) this.#most = slots;
  }

  #unlink(executor: number, slots: number): void {
    const next = this.#next[executor]!;
    const previous = this.#previous[executor]!;
    if (next !== -1) this.#previous[next] = previous;
    if (previous !== -1) this.#next[previous] = next;
    else this.#heads[slots] = next;
  }
}

/* eslint-disable @typescript-eslint/no-non-null-assertion -- the hot loop: every index below is one of the array it is used on */
import type { AllocationPolicy } from './allocation-policy.ts';
import { ALLOCATION_TICK, EXECUTOR_DOWN, EXECUTOR_UP, type EventHeap } from './event-heap.ts';

/**
 * Dynamic allocation during a replay: asks for executors while tasks wait, lets idle ones go.
 *
 * A backlog that lasts adds 1, then 2, 4, 8 … executors, never more than the tasks need; the step falls back to 1 when
 * it was capped. An executor goes after its idle time unless the target needs it or it holds files that others need.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/ExecutorAllocationManager.scala`
 */
export class Allocation {
  readonly #policy: AllocationPolicy;
  readonly #latencyMs: number;
  readonly #slotsPerExecutor: number;
  readonly #heap: EventHeap;
  readonly #running: Int32Array;
  readonly #idleSince: Float64Array;
  readonly #holdsShuffle: Uint8Array;
  readonly #holdsCache: Uint8Array;
  readonly #alive: Uint8Array;
  /** How many were ever asked for: the index of the next one. */
  #asked = 0;
  #arrived = 0;
  #aliveCount = 0;
  #target = 0;
  #step = 1;
  #pendingTasks = 0;
  #runningTasks = 0;
  #nextAddMs = Infinity;

  constructor(policy: AllocationPolicy, latencyMs: number, slotsPerExecutor: number, most: number, heap: EventHeap) {
    this.#policy = policy;
    this.#latencyMs = latencyMs;
    this.#slotsPerExecutor = slotsPerExecutor;
    this.#heap = heap;
    this.#running = new Int32Array(most);
    this.#idleSince = new Float64Array(most);
    this.#holdsShuffle = new Uint8Array(most);
    this.#holdsCache = new Uint8Array(most);
    this.#alive = new Uint8Array(most);
  }

  start(initial: number): void {
    this.#asked = initial;
    this.#target = initial;
  }

  submitted(now: number, tasks: number): void {
    this.#pendingTasks += tasks;
    this.#backlogged(now);
  }

  launched(_now: number, executor: number): void {
    this.#pendingTasks -= 1;
    this.#runningTasks += 1;
    this.#running[executor] = this.#running[executor]! + 1;
    if (this.#pendingTasks > 0) return;
    this.#nextAddMs = Infinity;
    this.#step = 1;
  }

  ended(now: number, executor: number, writesShuffle: boolean, cachesBlocks: boolean): void {
    this.#runningTasks -= 1;
    const running = this.#running[executor]! - 1;
    this.#running[executor] = running;
    if (writesShuffle) this.#holdsShuffle[executor] = 1;
    if (cachesBlocks) this.#holdsCache[executor] = 1;
    if (running === 0) this.#idle(now, executor);
  }

  added(now: number, executor: number): void {
    this.#arrived += 1;
    this.#aliveCount += 1;
    this.#alive[executor] = 1;
    this.#idle(now, executor);
  }

  tick(now: number): void {
    // Of a backlog that has gone meanwhile.
    if (now < this.#nextAddMs || this.#nextAddMs === Infinity) return;
    this.#shrinkTarget();
    const before = this.#target;
    const wanted = Math.min(Math.max(before, this.#aliveCount) + this.#step, this.#needed());
    this.#target = Math.max(this.#policy.minExecutors, Math.min(this.#policy.maxExecutors, wanted));
    const added = this.#target - before;
    this.#step = added === this.#step ? this.#step * 2 : 1;
    this.#ask(now);
    this.#nextAddMs = Infinity;
    // Capped: only further tasks can raise the target, and they wake the policy again.
    if (this.#target >= Math.min(this.#policy.maxExecutors, this.#needed())) return;
    this.#nextAddMs = now + Math.max(1, this.#policy.sustainedBacklogMs);
    this.#heap.push(this.#nextAddMs, ALLOCATION_TICK, 0);
  }

  /** Whether the executor really goes now; also forgets it then. */
  mayRemove(now: number, executor: number): boolean {
    if (this.#alive[executor] === 0 || this.#running[executor]! > 0) return false;
    if (now < this.#idleSince[executor]! + this.#timeoutOf(executor)) return false;
    this.#shrinkTarget();
    if (this.#aliveCount - 1 < Math.max(this.#policy.minExecutors, this.#target)) {
      // Not needed to go yet: look again later, as Spark does with every round.
      if (this.#runningTasks > 0)
        this.#heap.push(now + Math.max(100, this.#policy.idleMs / 4), EXECUTOR_DOWN, executor);
      return false;
    }
    this.#alive[executor] = 0;
    this.#aliveCount -= 1;
    return true;
  }

  #backlogged(now: number): void {
    if (this.#nextAddMs !== Infinity) return;
    this.#nextAddMs = now + this.#policy.backlogMs;
    this.#heap.push(this.#nextAddMs, ALLOCATION_TICK, 0);
  }

  #ask(now: number): void {
    // Those asked for and not yet up count too.
    let coming = this.#asked - this.#arrived;
    while (this.#aliveCount + coming < this.#target && this.#asked < this.#alive.length) {
      this.#heap.push(now + this.#latencyMs, EXECUTOR_UP, this.#asked);
      this.#asked += 1;
      coming += 1;
    }
  }

  #shrinkTarget(): void {
    const needed = Math.max(this.#needed(), this.#policy.minExecutors);
    if (needed >= this.#target) return;
    this.#target = needed;
    this.#step = 1;
  }

  #needed(): number {
    return Math.ceil((this.#runningTasks + this.#pendingTasks) / this.#slotsPerExecutor);
  }

  #idle(now: number, executor: number): void {
    this.#idleSince[executor] = now;
    const timeout = this.#timeoutOf(executor);
    if (timeout !== Infinity) this.#heap.push(now + timeout, EXECUTOR_DOWN, executor);
  }

  #timeoutOf(executor: number): number {
    if (this.#policy.keepsShuffle && this.#holdsShuffle[executor] === 1) return Infinity;
    return this.#holdsCache[executor] === 1 ? this.#policy.cachedIdleMs : this.#policy.idleMs;
  }
}

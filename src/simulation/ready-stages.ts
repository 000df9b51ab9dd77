/* eslint-disable @typescript-eslint/no-non-null-assertion -- the hot loop: every index below is one of the array it is used on */
import type { JobNode, StageNode } from './run-model.ts';

/** A pool of Spark's FAIR scheduler, as `fairscheduler.xml` sets it; 1 and 0 where it says nothing. */
export interface Pool {
  readonly weight: number;
  readonly minShare: number;
}

export interface Pools {
  readonly fair: boolean;
  readonly byName?: Readonly<Record<string, Pool>> | undefined;
}

interface PoolState {
  readonly name: string;
  readonly weight: number;
  readonly minShare: number;
  running: number;
}

/**
 * The stages that have tasks to launch, in the order in which Spark's scheduler would offer them slots.
 *
 * FIFO: lowest job id, then lowest stage id. FAIR: first the pools below their minimum share, by running / share,
 * then by running / weight, then by name; inside a pool FIFO.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/scheduler/SchedulingAlgorithm.scala`
 */
export class ReadyStages {
  /** Stage nodes with pending tasks, in FIFO order. */
  readonly #queue: number[] = [];
  readonly #pending: Int32Array;
  readonly #rank: Float64Array;
  readonly #profile: Int32Array;
  readonly #poolOf: readonly PoolState[];
  readonly #fair: boolean;
  readonly #oneProfile: boolean;

  constructor(stages: readonly StageNode[], jobs: readonly JobNode[], pools: Pools) {
    this.#pending = new Int32Array(stages.length);
    this.#profile = Int32Array.from(stages, (stage) => stage.resourceProfileId);
    const order = [...stages.keys()].sort(
      (a, b) => jobId(stages, jobs, a) - jobId(stages, jobs, b) || stageId(stages, a) - stageId(stages, b),
    );
    this.#rank = new Float64Array(stages.length);
    for (const [rank, stage] of order.entries()) this.#rank[stage] = rank;
    const states = new Map<string, PoolState>();
    this.#poolOf = stages.map(({ pool }) => {
      let state = states.get(pool);
      if (state === undefined) {
        state = { name: pool, weight: 1, minShare: 0, ...pools.byName?.[pool], running: 0 };
        states.set(pool, state);
      }
      return state;
    });
    this.#fair = pools.fair && states.size > 1;
    this.#oneProfile = this.#profile.every((profile) => profile === 0);
  }

  get size(): number {
    return this.#queue.length;
  }

  add(stage: number, tasks: number): void {
    this.#pending[stage] = tasks;
    const rank = this.#rank[stage]!;
    let at = this.#queue.length;
    while (at > 0 && this.#rank[this.#queue[at - 1]!]! > rank) at -= 1;
    this.#queue.splice(at, 0, stage);
  }

  /** The stage whose task comes next on an executor of this resource profile; -1 for none. */
  next(profile: number): number {
    if (!this.#fair && this.#oneProfile) return profile === 0 ? (this.#queue[0] ?? -1) : -1;
    let best = -1;
    for (const stage of this.#queue) {
      if (this.#profile[stage] !== profile) continue;
      if (best === -1 || (this.#fair && comesBefore(this.#poolOf[stage]!, this.#poolOf[best]!))) best = stage;
      if (!this.#fair) break;
    }
    return best;
  }

  launched(stage: number): void {
    this.#poolOf[stage]!.running += 1;
    const left = this.#pending[stage]! - 1;
    this.#pending[stage] = left;
    if (left === 0) this.#queue.splice(this.#queue.indexOf(stage), 1);
  }

  ended(stage: number): void {
    this.#poolOf[stage]!.running -= 1;
  }
}

/** Strictly before, so that among equals the FIFO order of the queue stays. */
function comesBefore(a: PoolState, b: PoolState): boolean {
  if (a === b) return false;
  const aNeedy = a.running < a.minShare;
  const bNeedy = b.running < b.minShare;
  if (aNeedy !== bNeedy) return aNeedy;
  const aShare = aNeedy ? a.running / Math.max(a.minShare, 1) : a.running / a.weight;
  const bShare = bNeedy ? b.running / Math.max(b.minShare, 1) : b.running / b.weight;
  return aShare !== bShare ? aShare < bShare : a.name < b.name;
}

function jobId(stages: readonly StageNode[], jobs: readonly JobNode[], stage: number): number {
  return jobs[stages[stage]?.job ?? 0]?.jobId ?? 0;
}

function stageId(stages: readonly StageNode[], stage: number): number {
  return stages[stage]?.stageId ?? 0;
}

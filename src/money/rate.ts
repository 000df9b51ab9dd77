import type { Price } from './price-book.ts';

/** What is paid for; the words are those of the optimizer's cost estimate. */
export type Resource = 'compute' | 'memory' | 'instance' | 'surcharge';

/** One thing that is paid for while executors or the driver live. */
export interface Rate extends Price {
  readonly resource: Resource;
  /** For people: `EMR on m5.xlarge`. */
  readonly name: string;
  readonly unit: 'vCPU-hours' | 'GiB-hours' | 'instance-hours' | 'DBU';
  /** Units in an hour of a core's life, or in an hour of the whole executor's (or driver's). */
  readonly quantity: number;
  readonly per: 'core' | 'executor';
  /** What is left of the list price after the spot discount. */
  readonly payShare: number;
}

export interface Rates {
  readonly executor: readonly Rate[];
  /** None in local mode, where the driver is the executor. */
  readonly driver: readonly Rate[];
}

/** The shares of the list price that executors and the driver pay. */
export interface PayShares {
  readonly executor: number;
  readonly driver: number;
}

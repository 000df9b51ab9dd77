import type { Node, PlatformName } from '../spark/platform.ts';

export const PRIORITIES = ['performance', 'balanced', 'cost'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What the cluster can grant; what is not known is not checked. */
export interface Limits {
  readonly platform: PlatformName;
  readonly maxExecutors: number;
  readonly node?: Node | undefined;
  readonly nodes?: number | undefined;
  readonly maxContainerMib?: number | undefined;
}

export interface Question {
  readonly inputBytes: number;
  readonly priority: Priority;
  readonly slaMs?: number | undefined;
  readonly budget?: number | undefined;
  /** Probability with which SLA and budget are to be met together, and that the interval shown is to hold the run. */
  readonly confidence: number;
  readonly limits: Limits;
}

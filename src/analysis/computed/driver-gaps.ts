import type { JobDetail } from '../../documents/run-detail.ts';
import type { RunSpan } from '../inputs.ts';
import { union, type Interval } from './intervals.ts';

export interface DriverGaps {
  /** When some job ran. */
  readonly active: readonly Interval[];
  /** Between jobs, each with the job that ends it; the one after the last job has none. */
  readonly gaps: readonly (Interval & { readonly beforeJob?: number | undefined })[];
  /** Before the first job: starting the context, the user's own preparation. */
  readonly startUpMs: number;
}

/** When the driver worked alone. A job without an end runs until the run's own. */
export function driverGaps(jobs: readonly JobDetail[], { durationMs }: RunSpan): DriverGaps {
  const active = union(jobs.map(({ submitted, ended }) => ({ from: submitted, to: ended ?? durationMs })));
  const gaps = active.map(({ to }, i) => {
    const next = active[i + 1];
    const beforeJob = next === undefined ? undefined : jobs.find(({ submitted }) => submitted === next.from)?.jobId;
    return { from: to, to: Math.max(to, next?.from ?? durationMs), beforeJob };
  });
  return { active, gaps, startUpMs: active[0]?.from ?? durationMs };
}

import type { JobDetail } from '../documents/run-detail.ts';
import type { Release } from './run-model.ts';

export interface ReleaseRules {
  readonly rules: readonly Release[];
  /** Per job, the other reading where two threads may have waited at the same time by chance. */
  readonly alternatives: readonly (Release | undefined)[];
}

/**
 * Tells for each job what its submission waited for, from the timeline alone.
 *
 * Driver work between jobs does not scale, so it is kept as measured, but it has to hang on the right predecessor.
 * A job waits for the ended jobs of its own SQL execution or job group that no other job waited for;
 * else, when no job is active, for all earlier ones (barrier); else for the latest unclaimed ended one (lane);
 * else it was forked from the last barrier.
 *
 * @param jobs - in order of submission; a job without end counts as ended at `horizonMs`
 */
export function releaseRules(jobs: readonly JobDetail[], horizonMs: number): ReleaseRules {
  const rules: Release[] = [];
  const alternatives: (Release | undefined)[] = [];
  const claimed = new Set<number>();
  const endOf = (job: number): number => jobs[job]?.ended ?? horizonMs;
  const latest = (list: readonly number[]): number => list.reduce((time, job) => Math.max(time, endOf(job)), -Infinity);
  let barrier = 0;
  let forked = false;

  for (const [index, job] of jobs.entries()) {
    alternatives.push(undefined);
    if (index === 0) {
      rules.push({ kind: 'start' });
      continue;
    }
    const since = range(barrier, index);
    const ended = since.filter((earlier) => endOf(earlier) <= job.submitted);
    const unclaimed = ended.filter((earlier) => !claimed.has(earlier));
    const siblings = unclaimed.filter((earlier) => sameChain(jobs[earlier], job));
    const isBarrier = ended.length === since.length;

    if (isBarrier && (siblings.length === 0 || siblings.length === unclaimed.length)) {
      rules.push({ kind: 'after', jobs: since, gapMs: job.submitted - latest(since), rule: 'barrier' });
      // After a fork, nobody active may be two threads waiting at once: then the job follows the thread idle for longest.
      const oldest = unclaimed.toSorted((a, b) => endOf(a) - endOf(b))[0];
      if (forked && oldest !== undefined && unclaimed.length > 1) {
        alternatives[index] = { kind: 'after', jobs: [oldest], gapMs: job.submitted - endOf(oldest), rule: 'lane' };
      }
      barrier = index;
      claimed.clear();
    } else if (siblings.length > 0) {
      for (const sibling of siblings) claimed.add(sibling);
      rules.push({ kind: 'after', jobs: siblings, gapMs: job.submitted - latest(siblings), rule: 'chain' });
    } else if (unclaimed.length > 0) {
      const predecessor = unclaimed.reduce((best, other) => (endOf(other) > endOf(best) ? other : best));
      claimed.add(predecessor);
      rules.push({ kind: 'after', jobs: [predecessor], gapMs: job.submitted - endOf(predecessor), rule: 'lane' });
    } else {
      forked = true;
      rules.push({
        kind: 'fork',
        job: barrier,
        offsetMs: Math.max(0, job.submitted - (jobs[barrier]?.submitted ?? 0)),
      });
    }
  }
  return { rules, alternatives };
}

function sameChain(earlier: JobDetail | undefined, job: JobDetail): boolean {
  if (earlier === undefined) return false;
  if (job.sqlExecutionId !== undefined) return earlier.sqlExecutionId === job.sqlExecutionId;
  return job.jobGroup !== undefined && earlier.jobGroup === job.jobGroup;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

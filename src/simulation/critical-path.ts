import type { Replay } from './replay.ts';
import type { Release, RunModel } from './run-model.ts';

/** A stretch of the chain that decided when the run ended. */
export interface PathStep {
  /** `start` to the first job, `driver` between jobs and around stages, `stage`, `queue` for a slot, `tail` after the last job. */
  readonly kind: 'start' | 'driver' | 'queue' | 'stage' | 'tail';
  readonly durationMs: number;
  readonly jobId?: number | undefined;
  readonly stageId?: number | undefined;
}

/**
 * The longest chain of a replay, in its own times: from the end backwards, always to what was waited for last.
 *
 * The steps follow each other without gap, so their durations add up to the replay's time.
 */
export function criticalPath(model: RunModel, replay: Replay, alternativeRules = false): PathStep[] {
  const path: PathStep[] = [];
  let time = replay.durationMs;
  const back = (kind: PathStep['kind'], to: number, of: { jobId?: number; stageId?: number } = {}): void => {
    if (time - to > 0) path.push({ kind, durationMs: time - to, ...of });
    time = to;
  };
  let job = latest([...model.jobs.keys()], replay.jobEnd);
  if (job !== undefined) back('tail', replay.jobEnd[job] ?? 0);
  while (job !== undefined) {
    const node = model.jobs[job];
    if (node === undefined) break;
    const { jobId } = node;
    let stage = latest(node.stages, replay.stageEnd);
    let released = replay.jobRelease[job] ?? 0;
    while (stage !== undefined) {
      const own = model.stages[stage];
      if (own === undefined) break;
      const { stageId } = own;
      const owner = model.jobs[own.job];
      back('driver', replay.stageEnd[stage] ?? 0, { jobId });
      back('stage', replay.stageStart[stage] ?? 0, { jobId: owner?.jobId ?? jobId, stageId });
      back('queue', replay.stageReady[stage] ?? 0, { jobId: owner?.jobId ?? jobId, stageId });
      const parent = latest(own.parents, replay.stageEnd);
      released = replay.jobRelease[own.job] ?? 0;
      if (parent !== undefined && (replay.stageEnd[parent] ?? 0) > released) stage = parent;
      else {
        job = own.job;
        stage = undefined;
      }
    }
    back('driver', released, { jobId: model.jobs[job]?.jobId ?? jobId });
    job = predecessor(model, replay, job, alternativeRules);
    // A fork hangs on a release, not on an end: what lies between is the driver's.
    if (job !== undefined) {
      const forked = ruleOf(model, job, alternativeRules);
      if (forked === undefined) break;
    }
    if (job !== undefined && (replay.jobEnd[job] ?? 0) <= time) back('driver', replay.jobEnd[job] ?? 0, { jobId });
  }
  back('start', 0);
  return path.reverse();
}

function predecessor(model: RunModel, replay: Replay, job: number, alternative: boolean): number | undefined {
  const rule = ruleOf(model, job, alternative);
  if (rule === undefined || rule.kind === 'start') return undefined;
  if (rule.kind === 'after') return latest(rule.jobs, replay.jobEnd);
  // The forked job and the one it was forked from were released together: go on with what released that one.
  return predecessor(model, replay, rule.job, alternative);
}

function ruleOf(model: RunModel, job: number, alternative: boolean): Release | undefined {
  const node = model.jobs[job];
  return (alternative ? node?.alternative : undefined) ?? node?.release;
}

function latest(indices: readonly number[], ends: Float64Array): number | undefined {
  let best: number | undefined;
  for (const index of indices) if (best === undefined || (ends[index] ?? 0) > (ends[best] ?? 0)) best = index;
  return best;
}

import type { RunKey } from '../documents/run-key.ts';
import type { Store } from '../store/store.ts';

/**
 * Whether a run ended with a failed job. Spark calls it completed all the same: an application that dies of an exception still says
 * goodbye. A job that failed and was followed by one that succeeded was got over.
 */
export async function hasFailed(store: Pick<Store, 'readDetail' | 'readRaw'>, key: RunKey): Promise<boolean> {
  const jobs = (await store.readDetail(key))?.jobs;
  if (jobs !== undefined) {
    const last = jobs.reduce<(typeof jobs)[number] | undefined>(
      (a, b) => (a === undefined || b.jobId > a.jobId ? b : a),
      undefined,
    );
    return last?.ended !== undefined && !last.succeeded;
  }
  const stages = (await store.readRaw(key))?.attempts[0].stages ?? [];
  const newest = stages.reduce<(typeof stages)[number] | undefined>(
    (a, b) => (a === undefined || Number(b['stageId']) > Number(a['stageId']) ? b : a),
    undefined,
  );
  return newest?.['status'] === 'FAILED';
}

import { compareRuns, type Comparison } from '../comparison/compare-runs.ts';
import type { StoredRun } from '../comparison/compared-run.ts';
import { runLabel, type RunKey } from '../documents/run-key.ts';
import type { Store } from '../store/store.ts';
import { RunNotFoundError } from './find-run.ts';

/**
 * Two stored runs layer by layer.
 *
 * @throws RunNotFoundError `RUN_NOT_FOUND`
 */
export async function compareStoredRuns(store: Store, before: RunKey, after: RunKey): Promise<Comparison> {
  const [a, b] = await Promise.all([readRun(store, before), readRun(store, after)]);
  return compareRuns(a, b);
}

/** All that is stored of a run. @throws RunNotFoundError `RUN_NOT_FOUND` */
export async function readRun(store: Store, key: RunKey): Promise<StoredRun> {
  const [aggregate, raw, detail] = await Promise.all([
    store.readAggregate(key),
    store.readRaw(key),
    store.readDetail(key),
  ]);
  if (aggregate === undefined)
    throw new RunNotFoundError(
      'RUN_NOT_FOUND',
      `${runLabel(key)} is not in ${store.description}: \`spot list\` shows what is, \`spot crawl --once\` reads what is new`,
    );
  return { aggregate, raw, detail };
}

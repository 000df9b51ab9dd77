import type { RunKey } from '../documents/run-key.ts';
import type { Store } from '../store/store.ts';
import { SpotError } from '../util/errors.ts';

/** The command line or a request names a run that cannot be answered for. */
export class RunNotFoundError extends SpotError {}

/**
 * The stored run that a person means by `appId` or `appId/attemptId`; without an attempt, the newest one.
 *
 * @throws RunNotFoundError `RUN_NOT_FOUND`, `RUN_AMBIGUOUS`
 */
export async function findRun(store: Store, label: string, cluster?: string): Promise<RunKey> {
  const candidates: RunKey[] = [];
  // Application ids may hold a slash themselves: the whole label is tried first.
  const [, appId = label, attemptId] = /^(.*)\/([^/]+)$/.exec(label) ?? [];
  for (const wanted of new Set([label, appId])) {
    for await (const key of store.findKeys({ app: wanted, cluster })) {
      if (key.appId === label || (key.appId === appId && key.attemptId === attemptId)) candidates.push(key);
    }
    if (candidates.length > 0) break;
  }

  const clusters = new Set(candidates.map((key) => key.cluster));
  if (clusters.size > 1) {
    throw new RunNotFoundError(
      'RUN_AMBIGUOUS',
      `${label} ran on several clusters: add --cluster with one of ${[...clusters].join(', ')}`,
    );
  }
  const newest = candidates.reduce<RunKey | undefined>(
    (best, key) => (best === undefined || attemptOrder(key) > attemptOrder(best) ? key : best),
    undefined,
  );
  if (newest === undefined) {
    throw new RunNotFoundError(
      'RUN_NOT_FOUND',
      `${label} is not in ${store.description}: \`spot list\` shows what is, \`spot crawl --once\` reads what is new`,
    );
  }
  return newest;
}

/** Attempts are numbered; one without a number is the only one. */
function attemptOrder(key: RunKey): number {
  const number = Number(key.attemptId ?? 0);
  return Number.isNaN(number) ? 0 : number;
}

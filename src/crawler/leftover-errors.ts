import type { ErrorDocument } from '../documents/documents.ts';
import { documentId, type RunKey } from '../documents/run-key.ts';
import type { LedgerEntry, Store } from '../store/store.ts';

/** How many errors the store is asked about at a time. */
const CHUNK = 500;

interface FailedRun {
  readonly key: RunKey;
  readonly error: ErrorDocument;
}

/**
 * Takes back the error documents of runs that are stored.
 *
 * A run that succeeds takes back its own; this is for those whose crawl was killed in between, and which nobody reads again.
 */
export async function clearLeftoverErrors(store: Store, cluster: string): Promise<void> {
  let chunk: FailedRun[] = [];
  const leftovers: string[] = [];
  const compare = async (): Promise<void> => {
    const ledger = await store.readLedger(chunk.map(({ key }) => key));
    for (const { key, error } of chunk) {
      const id = documentId(key);
      if (isOvercome(error, ledger.get(id))) leftovers.push(id);
    }
    chunk = [];
  };

  for await (const error of store.findErrors({ cluster })) {
    chunk.push({ key: { cluster, appId: error.spot.spark_app_id, attemptId: error.spot.attempt_id }, error });
    if (chunk.length >= CHUNK) await compare();
  }
  if (chunk.length > 0) await compare();
  if (leftovers.length > 0) await store.clearErrors(leftovers);
}

/** Whether the run was stored as it was when it failed, or read after that: its revision is the time of the reading. */
function isOvercome({ spot }: ErrorDocument, stored: LedgerEntry | undefined): boolean {
  if (stored === undefined) return false;
  return stored.fingerprint === spot.fingerprint || stored.revision > Date.parse(spot.time_processed);
}

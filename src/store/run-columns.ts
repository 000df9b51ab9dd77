import { documentId } from '../documents/run-key.ts';
import { StoreError } from '../util/errors.ts';
import type { RunDocuments } from './store.ts';

/** What a run is found by: the same in every store. */
export interface RunColumns {
  readonly id: string;
  readonly cluster: string;
  readonly appId: string;
  readonly attemptId: string | undefined;
  readonly name: string;
  readonly user: string;
  readonly tag: string;
  /** Milliseconds since 1970; absent while the attempt has no end. */
  readonly endMs: number | undefined;
  readonly fingerprint: string;
  readonly revision: number;
}

/**
 * Takes out of a run's documents what it is found by.
 *
 * A lone surrogate cannot be told in UTF-8: it becomes U+FFFD here, as every store would make it.
 *
 * @throws StoreError `STORE_REJECTED` when the end time is no time
 */
export function columnsOf({ key, aggregate }: RunDocuments): RunColumns {
  return {
    id: storedId(documentId(key)),
    cluster: key.cluster.toWellFormed(),
    appId: key.appId.toWellFormed(),
    attemptId: key.attemptId?.toWellFormed(),
    name: aggregate.name.toWellFormed(),
    user: aggregate.attempt.sparkUser.toWellFormed(),
    tag: aggregate.app_specific_data.tag.toWellFormed(),
    endMs: endMsOf(aggregate.attempt.endTime),
    fingerprint: aggregate.spot.fingerprint,
    revision: aggregate.spot.revision,
  };
}

/** An id as a store keeps it. */
export function storedId(id: string): string {
  return id.toWellFormed();
}

function endMsOf(endTime: string | undefined): number | undefined {
  if (endTime === undefined) return undefined;
  const milliseconds = Date.parse(endTime);
  if (!Number.isNaN(milliseconds)) return milliseconds;
  throw new StoreError('STORE_REJECTED', `The end time ${JSON.stringify(endTime)} of the run is no time`);
}

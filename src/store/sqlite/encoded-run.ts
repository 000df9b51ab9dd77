import { documentId } from '../../documents/run-key.ts';
import { StoreError } from '../../util/errors.ts';
import type { RunDocuments } from '../store.ts';
import { encodeDocument } from './document-codec.ts';
import { wellFormed, type DocumentTable } from './queries.ts';

/** A run ready to be bound: the columns of `SAVE_RUN`, and its documents by table. */
export interface EncodedRun {
  readonly columns: readonly (string | number | null)[];
  readonly documents: readonly (readonly [DocumentTable, Uint8Array])[];
}

/** @throws StoreError `STORE_REJECTED` for documents that are not what their types say */
export function encodeRun({ key, aggregate, raw, detail }: RunDocuments): EncodedRun {
  const columns = [
    documentId(key),
    key.cluster,
    key.appId,
    key.attemptId ?? null,
    aggregate.name,
    aggregate.attempt.sparkUser,
    aggregate.app_specific_data.tag,
    endMs(aggregate.attempt.endTime),
    aggregate.spot.fingerprint,
    aggregate.spot.revision,
    raw === undefined ? 0 : 1,
    detail === undefined ? 0 : 1,
  ].map((value) => (typeof value === 'string' ? wellFormed(value) : value));

  const documents: [DocumentTable, Uint8Array][] = [['agg', encodeDocument(aggregate)]];
  if (raw !== undefined) documents.push(['raw', encodeDocument(raw)]);
  if (detail !== undefined) documents.push(['detail', encodeDocument(detail)]);
  return { columns, documents };
}

function endMs(endTime: string | undefined): number | null {
  if (endTime === undefined) return null;
  const milliseconds = Date.parse(endTime);
  if (Number.isNaN(milliseconds))
    throw new StoreError('STORE_REJECTED', `The end time ${JSON.stringify(endTime)} of the run is no time`);
  return milliseconds;
}

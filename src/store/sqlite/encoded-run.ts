import { columnsOf } from '../run-columns.ts';
import type { RawDocument } from '../../documents/documents.ts';
import type { RunDocuments } from '../store.ts';
import { encodeDocument, encodeDocumentWith } from './document-codec.ts';
import type { DocumentTable } from './queries.ts';
import { rowChecksum } from './row-checksum.ts';

/** A run ready to be bound: the values of `SAVE_RUN` in their order, and its documents by table. */
export interface EncodedRun {
  readonly values: readonly (string | number | null)[];
  readonly documents: readonly (readonly [DocumentTable, Uint8Array])[];
}

/** @throws StoreError `STORE_REJECTED` for documents that cannot be written */
export function encodeRun(run: RunDocuments): EncodedRun {
  const { id, cluster, appId, attemptId, name, user, tag, endMs, fingerprint, revision } = columnsOf(run);
  const { aggregate, raw, detail } = run;

  const documents: [DocumentTable, Uint8Array][] = [['agg', encodeDocument(aggregate)]];
  if (raw !== undefined) documents.push(['raw', encodeRaw(raw)]);
  if (detail !== undefined) documents.push(['detail', encodeDocument(detail)]);
  const [hasRaw, hasDetail] = [raw, detail].map((document) => Number(document !== undefined)) as [number, number];
  return {
    values: [
      id,
      cluster,
      appId,
      attemptId ?? null,
      name,
      user,
      tag,
      endMs ?? null,
      fingerprint,
      revision,
      hasRaw,
      hasDetail,
      rowChecksum([id, cluster, appId, attemptId ?? null, endMs ?? null, fingerprint, revision]),
    ],
    documents,
  };
}

/** Hadoop's properties are four fifths of a raw document; those that never change are the cluster's, and other runs have them too. */
function encodeRaw(raw: RawDocument): Uint8Array {
  const [attempt] = raw.attempts;
  const { hadoopProperties } = attempt.environment;
  if (typeof hadoopProperties !== 'object' || hadoopProperties === null || !Object.isFrozen(hadoopProperties))
    return encodeDocument(raw);
  return encodeDocumentWith(hadoopProperties, (hole) => ({
    ...raw,
    attempts: [{ ...attempt, environment: { ...attempt.environment, hadoopProperties: hole } }],
  }));
}

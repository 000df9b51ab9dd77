import { createHash } from 'node:crypto';

/**
 * What identifies a run: one attempt of one application of one cluster.
 *
 * The cluster is the configured name of the source, never a host name, because two clusters hand out the same
 * application ids (`local-…`, `app-<second>-0000`).
 */
export interface RunKey {
  readonly cluster: string;
  readonly appId: string;
  /** Absent where the cluster manager knows no attempts (standalone, local). */
  readonly attemptId?: string | undefined;
}

/** Elasticsearch refuses longer ids; a longer key keeps its start and ends in its hash. */
const MAX_ID_BYTES = 512;
const KEPT_CHARACTERS = 100;

/**
 * The document id of a run: `cluster~appId-attemptId`, with `-0` where there is no attempt, as the original wrote it.
 *
 * The same run always gets the same id, so a document written twice replaces itself.
 */
export function documentId(key: RunKey): string {
  const id = `${escapePart(key.cluster)}~${escapePart(key.appId)}-${escapePart(key.attemptId ?? '0')}`;
  if (Buffer.byteLength(id) <= MAX_ID_BYTES) return id;
  return `${id.slice(0, KEPT_CHARACTERS)}~${createHash('sha256').update(id).digest('hex')}`;
}

/** What a person types and reads: `appId`, or `appId/attemptId`. */
export function runLabel(key: RunKey): string {
  return key.attemptId === undefined ? key.appId : `${key.appId}/${key.attemptId}`;
}

/** `~` separates, so it may not occur inside a part; everything else stays readable. */
function escapePart(part: string): string {
  return part.replaceAll('%', '%25').replaceAll('~', '%7E');
}

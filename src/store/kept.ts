import { StoreError } from '../util/errors.ts';
import { storedId } from './run-columns.ts';
import { KEPT_KINDS, type KeptDocument } from './store.ts';

/** The longest id in bytes: Elasticsearch sorts by terms of at most 32,766. */
const LONGEST_ID_BYTES = 32_000;

/**
 * A document as a store may keep it: the same in every store.
 *
 * @returns it with its id as it is stored
 * @throws StoreError `STORE_REJECTED` that says what is wrong with it
 */
export function checkedKept(document: KeptDocument): KeptDocument {
  const { kind, revision, savedAt, body } = document;
  const id = storedId(document.id);
  if (!KEPT_KINDS.includes(kind)) refuse(`${JSON.stringify(kind)} is none of the kinds ${KEPT_KINDS.join(', ')}`);
  if (id === '' || Buffer.byteLength(id) > LONGEST_ID_BYTES) refuse(`its id must have 1 to ${LONGEST_ID_BYTES} bytes`);
  if (!Number.isSafeInteger(revision) || revision < 0) refuse(`its revision ${String(revision)} is no count`);
  if (Number.isNaN(Date.parse(savedAt))) refuse(`its time ${JSON.stringify(savedAt)} is no time`);
  if (body === undefined) refuse('it has no body');
  return { kind, id, revision, savedAt, body };
}

function refuse(why: string): never {
  throw new StoreError('STORE_REJECTED', `The document cannot be kept: ${why}`);
}

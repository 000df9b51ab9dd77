import { createHash, randomUUID } from 'node:crypto';
import { StoreError, toError } from '../../util/errors.ts';
import { stringifyJson } from '../../util/lossless-json.ts';
import { checkedKept } from '../kept.ts';
import { storedId } from '../run-columns.ts';
import type { FindKeptOptions, KeptDocument, KeptKind, SaveOutcome } from '../store.ts';
import type { BulkOutcome, BulkWriter } from './bulk.ts';
import type { Connection } from './connection.ts';
import { readByIds, searchPages, type BodyOf, type Found } from './reader.ts';
import { bounded } from './view-writer.ts';

/** Elasticsearch refuses ids of more than 512 bytes. */
const LONGEST_PLAIN_ID_BYTES = 400;
const KEPT_PER_PAGE = 100;

/** As it is written to the index; `write` is the call that wrote it. */
interface Stored extends KeptDocument {
  readonly write: string;
}

/** A document on its way, and where it stands in the call. */
interface Pending {
  readonly index: number;
  readonly text: string;
  readonly id: string;
  readonly revision: number;
}

interface KeptTools {
  readonly connection: Connection;
  readonly bulk: BulkWriter;
  readonly alias: string;
}

/**
 * Writes documents that are newer than what is stored.
 *
 * Elasticsearch compares for us: a document is created, or replaces the very state that was read here, and whoever lost a race reads
 * again. Versions of one's own (`external`) would do it in one step, but they outlive a deletion by a minute.
 */
export async function keep(tools: KeptTools, documents: readonly KeptDocument[]): Promise<readonly SaveOutcome[]> {
  const outcomes = new Array<SaveOutcome>(documents.length);
  const write = randomUUID();
  let pending = documents.flatMap((document, index): Pending[] => {
    try {
      return [pendingOf(tools, document, index, write)];
    } catch (thrown) {
      const error = toError(thrown);
      outcomes[index] = { status: 'rejected', error };
      return [];
    }
  });
  while (pending.length > 0) {
    const stored = await readByIds(tools.connection, tools.alias, [...new Set(pending.map(({ id }) => id))]);
    const [turn, later] = firstOfEach(pending);
    const open = turn.filter((document) => {
      const outcome = outcomeBeforeWriting(stored.get(document.id), document, write);
      if (outcome !== undefined) outcomes[document.index] = outcome;
      return outcome === undefined;
    });
    const results = await tools.bulk.write(
      open.map((document) => ({
        action: actionOf(tools.alias, document.id, stored.get(document.id)),
        source: document.text,
      })),
    );
    const again = open.filter(({ index }, position) => {
      const result = results[position];
      if (result?.status === 'conflict') return true;
      outcomes[index] = outcomeOf(result);
      return false;
    });
    pending = [...again, ...later].sort((one, other) => one.index - other.index);
  }
  return outcomes;
}

export async function readKept(
  connection: Connection,
  alias: string,
  kind: KeptKind,
  id: string,
): Promise<KeptDocument | undefined> {
  const documentId = keptId(kind, id);
  const source = (await readByIds(connection, alias, [documentId])).get(documentId)?._source;
  return source === undefined ? undefined : documentOf(source);
}

export async function* findKept(
  connection: Connection,
  alias: string,
  kind: KeptKind,
  { idPrefix = '', limit, signal }: FindKeptOptions,
): AsyncGenerator<KeptDocument> {
  const filter: object[] = [{ term: { kind } }];
  if (idPrefix !== '') filter.push({ prefix: { id: storedId(idPrefix) } });
  const bodyOf: BodyOf = (size, after) => ({
    size,
    query: { bool: { filter } },
    sort: [{ id: { order: 'asc' } }],
    track_total_hits: false,
    ...(after === undefined ? {} : { search_after: after }),
  });
  for await (const { _source } of searchPages(connection, alias, bodyOf, { limit, signal, pageSize: KEPT_PER_PAGE }))
    yield documentOf(_source ?? {});
}

export async function forget(bulk: BulkWriter, alias: string, kind: KeptKind, ids: readonly string[]): Promise<void> {
  const outcomes = await bulk.write(
    ids.map((id) => ({ action: JSON.stringify({ delete: { _index: alias, _id: keptId(kind, id) } }) })),
  );
  const refused = outcomes.find((outcome) => outcome.status === 'refused');
  if (refused !== undefined) throw refused.error;
}

function pendingOf({ connection }: KeptTools, document: KeptDocument, index: number, write: string): Pending {
  const checked = checkedKept(document);
  const text = textOf({ ...checked, write: markOf(write, index) });
  return {
    index,
    text: bounded(text, connection.settings.max_document_bytes),
    id: keptId(checked.kind, checked.id),
    revision: checked.revision,
  };
}

/** What says that a document was written by this very call. */
function markOf(write: string, index: number): string {
  return `${write} ${index}`;
}

function textOf(stored: Stored): string {
  try {
    return stringifyJson(stored);
  } catch (cause) {
    throw new StoreError('STORE_REJECTED', `The document cannot be written as JSON: ${toError(cause).message}`, {
      cause,
    });
  }
}

/** The id in the index: short enough for Elasticsearch. */
function keptId(kind: KeptKind, id: string): string {
  const text = storedId(id);
  const isPlain = Buffer.byteLength(text) <= LONGEST_PLAIN_ID_BYTES;
  // Two tildes: no hash can be taken for an id.
  return isPlain ? `${kind}~${text}` : `${kind}~~${createHash('sha256').update(text).digest('hex')}`;
}

/** Of documents with the same id the first one, and the others for later turns. */
function firstOfEach(pending: readonly Pending[]): readonly [first: readonly Pending[], others: readonly Pending[]] {
  const first = new Map<string, Pending>();
  for (const document of pending) if (!first.has(document.id)) first.set(document.id, document);
  return [[...first.values()], pending.filter((document) => first.get(document.id) !== document)];
}

/** An answer that was lost has its document written and then, sent again, refused: the mark of the call tells it from somebody else's. */
function outcomeBeforeWriting(
  found: Found | undefined,
  { index, revision }: Pending,
  write: string,
): SaveOutcome | undefined {
  if (found?._source === undefined) return undefined;
  const stored = found._source as unknown as Stored;
  if (stored.write === markOf(write, index)) return { status: 'saved' };
  return stored.revision >= revision ? { status: 'superseded' } : undefined;
}

function actionOf(alias: string, id: string, found: Found | undefined): string {
  const target = { _index: alias, _id: id };
  if (found === undefined) return JSON.stringify({ create: target });
  return JSON.stringify({ index: { ...target, if_seq_no: found._seq_no, if_primary_term: found._primary_term } });
}

function outcomeOf(result: BulkOutcome | undefined): SaveOutcome {
  return result?.status === 'refused' ? { status: 'rejected', error: result.error } : { status: 'saved' };
}

function documentOf(source: Readonly<Record<string, unknown>>): KeptDocument {
  const { kind, id, revision, savedAt, body } = source as unknown as Stored;
  return { kind, id, revision, savedAt, body };
}

import { createHash } from 'node:crypto';
import type { ErrorDocument, Json, JsonObject } from '../../documents/documents.ts';
import type { RunKey } from '../../documents/run-key.ts';
import { StoreError } from '../../util/errors.ts';
import { stringifyJson } from '../../util/lossless-json.ts';
import { errorId } from '../error-id.ts';
import { storedId, type RunColumns } from '../run-columns.ts';
import type { LedgerEntry, RunDocuments } from '../store.ts';

/**
 * The texts under which a document may be stored, each searchable by less than the one before.
 *
 * The first is the document as it is, with `spot_search` beside it. Elasticsearch refuses it when a name in it is no field name
 * (empty, only dots) or a value is an object where the mapping has a number; then the next one is tried, which keeps the document
 * whole, but unsearched, as `spot_document`. So no run is lost to a property.
 */
export type Views = readonly [() => string, ...(() => string)[]];

/** Longer values are searched by their hash: a term of Elasticsearch has at most 32,766 bytes. */
const LONGEST_TERM = 200;
const LONGEST_KEY = 8000;
const LONGEST_PROPERTY_NAME = 250;

/** What a run is found by, in the index of any kind of its documents. */
export function searchOf(columns: RunColumns): JsonObject {
  const { id, cluster, appId, attemptId, name, user, tag, endMs, fingerprint, revision } = columns;
  const key = JSON.stringify([cluster, appId, attemptId ?? null, fingerprint, revision]);
  return {
    id,
    ...(key.length <= LONGEST_KEY ? { key } : {}),
    fingerprint,
    terms: [term('cluster', cluster), term('app', appId), term('name', name), term('user', user), term('tag', tag)],
    ...(endMs === undefined ? {} : { time: endMs }),
  };
}

export function searchOfError(error: ErrorDocument): JsonObject {
  const { cluster, spark_app_id: appId, time_processed: time } = error.spot;
  return {
    id: storedId(errorId(error)),
    terms: [term('cluster', cluster), term('app', appId)],
    time: Date.parse(time),
  };
}

/** A filter's term: exact for any text. */
export function term(field: 'cluster' | 'app' | 'name' | 'user' | 'tag', value: string): string {
  const text = value.toWellFormed();
  return `${field}:${text.length <= LONGEST_TERM ? text : createHash('sha256').update(text).digest('hex')}`;
}

export function aggregateViews({ aggregate }: RunDocuments, search: JsonObject): Views {
  const { environment } = aggregate.attempt;
  const properties = propertiesOf(environment['sparkProperties']);
  return [
    () => beside({ ...search, properties }, stringify(aggregate)),
    () => {
      const attempt = { ...aggregate.attempt, environment: null };
      return beside({ ...search, properties }, stringify({ ...aggregate, attempt, spot_document: aggregate }));
    },
    () => opaque(search, aggregate),
  ];
}

export function rawViews({ raw }: RunDocuments, search: JsonObject): Views {
  return [() => beside(search, stringify(raw)), () => opaque(search, raw)];
}

export function detailViews({ key, detail }: RunDocuments, search: JsonObject, revision: number): Views {
  const attempt = key.attemptId === undefined ? {} : { attemptId: key.attemptId };
  return [
    () => beside(search, stringify({ id: key.appId, ...attempt, spot: { cluster: key.cluster, revision }, detail })),
  ];
}

export function errorViews(error: ErrorDocument): Views {
  const search = searchOfError(error);
  return [() => beside(search, stringify(error)), () => opaque(search, error)];
}

/** The document in what Elasticsearch gave back. */
export function documentIn(source: Readonly<Record<string, unknown>>): unknown {
  if (source['spot_document'] !== undefined) return source['spot_document'];
  const document = { ...source };
  delete document['spot_search'];
  return document;
}

/** The key and ledger entry in a `spot_search.key`. */
export function keyIn(text: string): RunKey & LedgerEntry {
  const [cluster, appId, attemptId, fingerprint, revision] = JSON.parse(text) as [
    string,
    string,
    string | null,
    string,
    number,
  ];
  return { cluster, appId, ...(attemptId === null ? {} : { attemptId }), fingerprint, revision };
}

/** Text is joined with text, so that a document is turned into JSON once. */
function beside(search: JsonObject, document: string): string {
  return `{"spot_search":${JSON.stringify(search)},${document.slice(1)}`;
}

function opaque(search: JsonObject, document: unknown): string {
  return beside(search, stringify({ spot_document: document }));
}

function stringify(document: unknown): string {
  try {
    return stringifyJson(document);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('STORE_REJECTED', `The document cannot be written as JSON: ${reason}`, { cause });
  }
}

/** Scalars only, by names that a field of type `flattened` takes. */
function propertiesOf(properties: Json | undefined): JsonObject {
  if (typeof properties !== 'object' || properties === null) return {};
  // Not assigned one by one: a property called __proto__ would be lost.
  return Object.fromEntries(
    Object.entries(properties as JsonObject)
      .filter(
        ([name, value]) => typeof value !== 'object' && name.length <= LONGEST_PROPERTY_NAME && !name.includes('\0'),
      )
      .map(([name, value]) => [name, stringifyScalar(value)]),
  );
}

function stringifyScalar(value: Json): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}

import { StoreError, toError } from '../../util/errors.ts';
import { checkedKept } from '../kept.ts';
import { storedId } from '../run-columns.ts';
import type { KeptDocument, KeptKind, SaveOutcome } from '../store.ts';
import { decodeDocument, encodeDocument } from './document-codec.ts';
import { isRowError } from './errors.ts';
import type { Page } from './pages.ts';
import { checkedColumns, rowChecksum, soundValues } from './row-checksum.ts';
import type { Prepare } from './session.ts';
import { valuesOf } from './statement-of-values.ts';

/** The values of `SAVE` in their order. */
export type EncodedKept = readonly [
  kind: KeptKind,
  id: string,
  revision: number,
  savedAt: string,
  body: Uint8Array,
  checksum: number,
];

/** Gives a row, or none when the stored revision is not lower. */
const SAVE = `
  INSERT INTO kept (kind, id, revision, saved_at, body, checksum) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (kind, id) DO UPDATE SET
    revision = excluded.revision, saved_at = excluded.saved_at, body = excluded.body, checksum = excluded.checksum
  WHERE excluded.revision > kept.revision
  RETURNING 1`;
const COLUMNS = `${checkedColumns('kept')}, body`;
/** Positions of them; the kind is before, the checksum between. */
const [ID, REVISION, SAVED_AT, BODY] = [1, 2, 3, 5] as const;
const READ = `SELECT ${COLUMNS} FROM kept WHERE kind = ? AND id = ?`;
const FORGET = 'DELETE FROM kept WHERE kind = ? AND id = ?';
const PAGE_FROM = `SELECT ${COLUMNS} FROM kept WHERE kind = ? AND id >= ? ORDER BY id LIMIT ?`;
const PAGE_BEHIND = `SELECT ${COLUMNS} FROM kept WHERE kind = ? AND id > ? ORDER BY id LIMIT ?`;

/** The table `kept`. Whoever calls {@link save} or {@link forget} holds a transaction. */
export class KeptTable {
  readonly #prepared: Prepare;

  constructor(prepared: Prepare) {
    this.#prepared = prepared;
  }

  save(document: EncodedKept | Error): SaveOutcome {
    if (document instanceof Error) return { status: 'rejected', error: document };
    try {
      return { status: this.#prepared(SAVE).get(...document) === undefined ? 'superseded' : 'saved' };
    } catch (cause) {
      // SQLite takes back a statement that fails, and leaves the rest of the transaction.
      if (!isRowError(cause)) throw cause;
      const message = `SQLite does not take the document: ${toError(cause).message}`;
      return { status: 'rejected', error: new StoreError('STORE_REJECTED', message, { cause }) };
    }
  }

  read(kind: KeptKind, id: string): KeptDocument | undefined {
    const values = valuesOf(this.#prepared(READ)).get(kind, storedId(id));
    return values === undefined ? undefined : documentOf(kind, values);
  }

  /** @param from - the last id of the page before; absent for the first page */
  page(kind: KeptKind, prefix: string, from: string | undefined, size: number): Page<KeptDocument, string> {
    const first = storedId(prefix);
    // Ids are sorted by their bytes of UTF-8, so those that start alike stand together.
    const found = valuesOf(this.#prepared(from === undefined ? PAGE_FROM : PAGE_BEHIND)).all(kind, from ?? first, size);
    const rows = found.filter(({ [ID]: id }) => String(id).startsWith(first)).map((values) => documentOf(kind, values));
    return { rows, next: rows.length < size ? undefined : rows.at(-1)?.id };
  }

  forget(kind: KeptKind, ids: readonly string[]): void {
    for (const id of ids) this.#prepared(FORGET).run(kind, storedId(id));
  }
}

/** Done before the transaction, which compressing would only hold up. */
export function encodeKept(document: KeptDocument): EncodedKept | Error {
  try {
    const { kind, id, revision, savedAt, body } = checkedKept(document);
    return [kind, id, revision, savedAt, encodeDocument(body), rowChecksum([kind, id, revision, savedAt])];
  } catch (error) {
    return toError(error);
  }
}

function documentOf(kind: KeptKind, values: readonly unknown[]): KeptDocument {
  soundValues('kept', values);
  const id = String(values[ID]);
  const body = decodeDocument(values[BODY] as Uint8Array, id);
  return { kind, id, revision: Number(values[REVISION]), savedAt: String(values[SAVED_AT]), body };
}

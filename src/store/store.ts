import type { AggregateDocument, ErrorDocument, RawDocument } from '../documents/documents.ts';
import type { RunDetail } from '../documents/run-detail.ts';
import type { RunKey } from '../documents/run-key.ts';

/** All that is kept of one run, written together. */
export interface RunDocuments {
  readonly key: RunKey;
  /** Absent when raw documents are switched off (`raw_index` empty). */
  readonly raw?: RawDocument | undefined;
  readonly aggregate: AggregateDocument;
  readonly detail?: RunDetail | undefined;
}

/**
 * What became of one run of a batch, in the order of the batch.
 *
 * `superseded`: the store held a newer revision. `rejected`: the store will never take these documents as they are
 * (what may succeed later is thrown instead, for the whole batch).
 */
export type SaveOutcome =
  | { readonly status: 'saved' }
  | { readonly status: 'superseded' }
  | { readonly status: 'rejected'; readonly error: Error };

/** What the store holds of a run, enough to decide whether it must be read again. */
export interface LedgerEntry {
  readonly fingerprint: string;
  readonly revision: number;
}

export type DocumentKind = 'raw' | 'agg' | 'err' | 'detail';

/**
 * Which runs; every given field must match. Times are compared with `attempt.endTime`, both bounds inclusive; a run
 * without an end is in no such range. Error documents know no user and no tag (so they match none), their app is an id,
 * and their time is `spot.time_processed`.
 */
export interface RunFilter {
  readonly cluster?: string | undefined;
  /** Application id, or the application's name. */
  readonly app?: string | undefined;
  readonly user?: string | undefined;
  readonly tag?: string | undefined;
  readonly endedAfter?: Date | undefined;
  readonly endedBefore?: Date | undefined;
}

export interface FindOptions {
  /** Newest end first when absent; equal ends by id. Runs without an end come last in either order. */
  readonly order?: 'newest-first' | 'oldest-first' | undefined;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StoreStats {
  readonly raw: number;
  readonly agg: number;
  readonly err: number;
  readonly detail: number;
  /** Bytes on disk, where the store can tell. */
  readonly bytes?: number | undefined;
  readonly oldestEnd?: string | undefined;
  readonly newestEnd?: string | undefined;
}

export interface PruneOptions {
  /** Runs that ended at or before it; error documents whose last try was at or before it. A run without an end stays. */
  readonly endedBefore: Date;
  /** Keeps the aggregate documents, and with them the knowledge that the run was read: it is not read again. */
  readonly keepAggregates?: boolean | undefined;
  /** Counts, and deletes nothing. */
  readonly isDryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Documents of each kind that were deleted, or would be. */
export type PruneReport = Readonly<Record<DocumentKind, number>>;

/**
 * What Spot itself learnt or decided, beside the runs: models, regressions, tuning, alerts.
 *
 * It is no part of the ledger, and `prune` leaves it alone.
 */
export interface KeptDocument {
  readonly kind: KeptKind;
  /** Not empty, at most 32,000 bytes of UTF-8; a lone surrogate becomes U+FFFD. */
  readonly id: string;
  /** Whole, 0 or more. Whoever replaces a document writes the revision it read plus one, and so sees whether somebody was faster. */
  readonly revision: number;
  /** ISO 8601. */
  readonly savedAt: string;
  /** Anything that can be told in JSON, with every digit of a `bigint`. */
  readonly body: unknown;
}

export const KEPT_KINDS = ['model', 'regression', 'tuning', 'alert'] as const;
export type KeptKind = (typeof KEPT_KINDS)[number];

export interface FindKeptOptions {
  /** Every document when absent or empty. */
  readonly idPrefix?: string | undefined;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Honest differences between stores; the contract tests choose by them. */
export interface StoreFeatures {
  /** Documents of a batch become visible to `find` at once, not after a refresh. */
  readonly readsItsWrites: boolean;
  /** Raw documents are kept; false where they are switched off (`raw_index` empty). */
  readonly keepsRaw: boolean;
}

/**
 * Where documents live.
 *
 * Writing is idempotent: ids are made from {@link RunKey}, the same batch twice changes nothing, and a lower
 * `spot.revision` never replaces a higher one. A run counts as done when `saveRuns` said `saved`: the store is the
 * ledger, there is no other bookkeeping.
 */
export interface Store extends AsyncDisposable {
  /** For logs and messages, without secrets. */
  readonly description: string;
  readonly supports: StoreFeatures;

  /** Creates what is missing (tables, templates, indexes) and checks that the store can be written. */
  prepare(): Promise<void>;

  /**
   * Raw first, then detail, then agg: a run with an agg document has all its documents.
   *
   * A raw or detail document that is absent here leaves the stored one as it is.
   *
   * @throws StoreError when the batch may be repeated as it is (`retryable`) or the store cannot be written at all;
   *   the signal's reason when it fires: then a part of the batch may have been written
   */
  saveRuns(runs: readonly RunDocuments[], options?: { readonly signal?: AbortSignal }): Promise<readonly SaveOutcome[]>;

  /** Entries of those keys that are stored, by `documentId(key)`; realtime, never behind a write that was acknowledged. */
  readLedger(keys: readonly RunKey[]): Promise<ReadonlyMap<string, LedgerEntry>>;

  /** Writes or replaces by id: `documentId` of the run, or of `{ cluster, appId: "n/a" }` for a listing. */
  saveErrors(errors: readonly ErrorDocument[]): Promise<void>;
  /** The error documents of those ids that exist, by id. */
  readErrors(ids: readonly string[]): Promise<ReadonlyMap<string, ErrorDocument>>;
  /** Deletes by id; an id that is not there is no error. */
  clearErrors(ids: readonly string[]): Promise<void>;

  readRaw(key: RunKey): Promise<RawDocument | undefined>;
  readAggregate(key: RunKey): Promise<AggregateDocument | undefined>;
  readDetail(key: RunKey): Promise<RunDetail | undefined>;

  /** Streams, paging past any limit of the engine. */
  findRaw(filter: RunFilter, options?: FindOptions): AsyncIterable<RawDocument>;
  findAggregates(filter: RunFilter, options?: FindOptions): AsyncIterable<AggregateDocument>;
  findErrors(filter: RunFilter, options?: FindOptions): AsyncIterable<ErrorDocument>;
  /** Keys and ledger entries only, cheap: for `verify` and reconciliation. */
  findKeys(filter: RunFilter, options?: FindOptions): AsyncIterable<RunKey & LedgerEntry>;

  /**
   * Writes or replaces by (kind, id), each document for itself, in order; what was acknowledged is durable.
   *
   * @returns for each document, in order: `saved`; `superseded` when the stored revision is the given one or higher;
   *   `rejected` when the document is none
   * @throws StoreError when the call may be repeated as it is (`retryable`) or the store cannot be written at all: a part may have been
   *   written then, and is `superseded` the next time
   */
  keep(documents: readonly KeptDocument[]): Promise<readonly SaveOutcome[]>;
  /** Realtime: never behind a write that was acknowledged. */
  readKept(kind: KeptKind, id: string): Promise<KeptDocument | undefined>;
  /** Streams by id, in the order of its code points. */
  findKept(kind: KeptKind, options?: FindKeptOptions): AsyncIterable<KeptDocument>;
  /** Deletes by id; an id that is not there is no error. Its revisions are forgotten too: any may be kept again. */
  forget(kind: KeptKind, ids: readonly string[]): Promise<void>;

  stats(): Promise<StoreStats>;

  /**
   * Deletes what is old. Done in parts: when it is broken off, a run may have lost some of its documents, never others' ones, and the
   * next call goes on. A run that is deleted with its aggregate and that a source still lists is read again.
   *
   * @throws StoreError; the signal's reason when it fires
   */
  prune(options: PruneOptions): Promise<PruneReport>;
}

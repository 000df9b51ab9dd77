import { StoreError } from '../../util/errors.ts';
import { isMissingIndex, responseError, type ErrorCause } from './errors.ts';
import type { Connection } from './connection.ts';

/** One line of action and, unless it deletes, one line of document: both JSON on one line. */
export interface BulkItem {
  readonly action: string;
  readonly source?: string;
}

/**
 * What became of one item. `conflict`: a newer version is stored. `refused`: Elasticsearch will not take this document as it is.
 * All else either succeeded in the end or was thrown.
 */
export type BulkOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'conflict' }
  | { readonly status: 'refused'; readonly error: StoreError };

export interface BulkOptions {
  /** Largest body; a larger single item goes alone. */
  readonly bulkBytes: number;
  readonly retryMs: number;
  readonly random?: () => number;
}

interface ItemAnswer {
  readonly status: number;
  readonly error?: ErrorCause;
}
interface BulkAnswer {
  readonly items?: readonly Readonly<Record<string, ItemAnswer>>[];
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const DONE: BulkOutcome = { status: 'done' };

/**
 * Writes items in bodies bounded by bytes, one after the other, and reads the status of every item.
 *
 * What Elasticsearch may take later (429, 503, a full disk, a lost connection) is sent again with growing pauses, and only those items;
 * meanwhile the caller waits, which is the back-pressure.
 */
export class BulkWriter {
  readonly #connection: Connection;
  readonly #options: BulkOptions;

  constructor(connection: Connection, options: BulkOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /**
   * @returns the outcome of each item, in order
   * @throws StoreError when the store cannot be written: `retryable` when that took longer than `retryMs`; the signal's reason
   */
  async write(items: readonly BulkItem[], signal?: AbortSignal): Promise<readonly BulkOutcome[]> {
    const outcomes = new Array<BulkOutcome>(items.length);
    for (const batch of batchesOf(items, this.#options.bulkBytes))
      await this.#writeBatch(items, batch, outcomes, signal);
    return outcomes;
  }

  async #writeBatch(
    items: readonly BulkItem[],
    batch: readonly number[],
    outcomes: BulkOutcome[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const deadline = performance.now() + this.#options.retryMs;
    let pending = batch;
    for (let round = 0; pending.length > 0; round += 1) {
      signal?.throwIfAborted();
      const failure = await this.#send(items, pending, outcomes, signal);
      if (failure === undefined) return;

      signal?.throwIfAborted();
      if (!failure.error.retryable || performance.now() >= deadline) throw failure.error;
      this.#connection.logger.warn('Elasticsearch does not take a write at the moment; trying again.', {
        code: failure.error.code,
        items: failure.pending.length,
        round,
      });
      await this.#pause(round, deadline, signal);
      pending = failure.pending;
    }
  }

  /** Sends one body; what must be sent again comes back with the reason. */
  async #send(
    items: readonly BulkItem[],
    batch: readonly number[],
    outcomes: BulkOutcome[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly error: StoreError; readonly pending: readonly number[] } | undefined> {
    const sent = batch.map((index) => items[index]).filter((item) => item !== undefined);
    const sentBytes = sent.reduce((sum, item) => sum + bytesOf(item), 0);
    let answers: readonly ItemAnswer[];
    try {
      answers = await this.#request(sent, signal);
    } catch (thrown) {
      if (!(thrown instanceof StoreError) || signal?.aborted === true) throw thrown;
      if (thrown.code !== 'STORE_DOCUMENT_TOO_LARGE') return { error: thrown, pending: batch };
      await this.#split(items, batch, outcomes, thrown, signal);
      return undefined;
    }

    const again: number[] = [];
    const together: number[] = [];
    let tooMuch: StoreError | undefined;
    let reason: StoreError | undefined;
    for (const [position, index] of batch.entries()) {
      const answer = answers[position] ?? { status: 503, error: { reason: 'the answer has no status for this item' } };
      const outcome = outcomeOf(answer, this.#connection.url, sentBytes);
      if (!(outcome instanceof StoreError)) outcomes[index] = outcome;
      else if (outcome.code === 'STORE_DOCUMENT_TOO_LARGE') {
        together.push(index);
        tooMuch = outcome;
      } else {
        again.push(index);
        // What can never succeed decides what is thrown.
        if (reason?.retryable !== false) reason = outcome;
      }
    }
    if (tooMuch !== undefined) await this.#split(items, together, outcomes, tooMuch, signal);
    return reason === undefined ? undefined : { error: reason, pending: again };
  }

  /** What is too large together goes in halves; a single item is refused. */
  async #split(
    items: readonly BulkItem[],
    batch: readonly number[],
    outcomes: BulkOutcome[],
    error: StoreError,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      outcomes[only] = { status: 'refused', error };
      return;
    }
    const middle = batch.length >> 1;
    await this.#writeBatch(items, batch.slice(0, middle), outcomes, signal);
    await this.#writeBatch(items, batch.slice(middle), outcomes, signal);
  }

  async #request(items: readonly BulkItem[], signal: AbortSignal | undefined): Promise<readonly ItemAnswer[]> {
    // Texts go through the client as they are, one line each.
    const lines = items.flatMap(({ action, source }) => (source === undefined ? [action] : [action, source]));
    const answer = await this.#connection.request<BulkAnswer>(
      {
        method: 'POST',
        path: '/_bulk',
        querystring: { require_alias: true, filter_path: 'items.*.status,items.*.error' },
        bulkBody: lines,
      },
      signal,
    );
    return (answer.items ?? []).map((item) => Object.values(item)[0] ?? { status: 0 });
  }

  async #pause(round: number, deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const { random = Math.random } = this.#options;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(round, 10), LONGEST_PAUSE_MS);
    // Several writers that were refused together do not come back together.
    const wanted = longest * (0.5 + random() / 2);
    await this.#connection.pause(Math.min(wanted, Math.max(deadline - performance.now(), 0)), signal);
  }
}

/** Groups of positions whose lines are at most `maxBytes` together; a larger item is a group of its own. */
export function batchesOf(items: readonly BulkItem[], maxBytes: number): readonly (readonly number[])[] {
  const batches: number[][] = [];
  let bytes = Infinity;
  for (const [index, item] of items.entries()) {
    const size = bytesOf(item);
    if (bytes + size > maxBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(index);
    bytes += size;
  }
  return batches;
}

function bytesOf({ action, source = '' }: BulkItem): number {
  return Buffer.byteLength(action) + Buffer.byteLength(source) + 2;
}

/** The outcome of an item, or the error that says why the store does not take it now. */
function outcomeOf({ status, error }: ItemAnswer, url: string, sentBytes: number): BulkOutcome | StoreError {
  if (status >= 200 && status < 300) return DONE;
  if (status === 409) return { status: 'conflict' };
  // Deleting what is not there is done; a missing index is not.
  if (status === 404 && error === undefined) return DONE;
  const cause = responseError(status, error, url, { sentBytes });
  const isAboutDocument = (status === 400 || status === 413) && !isMissingIndex(error);
  return isAboutDocument ? { status: 'refused', error: cause } : cause;
}

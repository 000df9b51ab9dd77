import { StoreError } from '../../util/errors.ts';
import type { BulkOutcome, BulkWriter } from './bulk.ts';
import type { Views } from './stored-document.ts';

/** A document on its way: its action line, the text it is sent as, and those it may be stored as when that one is refused. */
export interface Sending {
  readonly action: string;
  readonly text: string;
  readonly others: readonly (() => string)[];
}

/** @throws StoreError `STORE_REJECTED` when it cannot be told in JSON, `STORE_DOCUMENT_TOO_LARGE` */
export function sendingOf(action: string, [first, ...others]: Views, maxBytes: number): Sending {
  return { action, text: bounded(first(), maxBytes), others };
}

/**
 * Sends each document, and those that Elasticsearch refused under their next view.
 *
 * @returns the outcome of each, in order; `refused` when no view was taken
 */
export async function writeViews(
  bulk: BulkWriter,
  sendings: readonly Sending[],
  signal?: AbortSignal,
): Promise<readonly BulkOutcome[]> {
  const outcomes = new Array<BulkOutcome>(sendings.length);
  let pending = sendings.map((sending, index) => ({ index, action: sending.action, source: sending.text }));
  for (let round = 0; pending.length > 0; round += 1) {
    const results = await bulk.write(pending, signal);
    for (const [position, { index }] of pending.entries()) outcomes[index] = results[position] ?? { status: 'done' };

    pending = pending.flatMap(({ index, action }) => {
      const outcome = outcomes[index];
      const view = sendings[index]?.others[round];
      const isRefused = outcome?.status === 'refused' && outcome.error.code === 'STORE_REJECTED';
      return isRefused && view !== undefined ? [{ index, action, source: view() }] : [];
    });
  }
  return outcomes;
}

/** @throws StoreError `STORE_DOCUMENT_TOO_LARGE` */
export function bounded(text: string, maxBytes: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  throw new StoreError(
    'STORE_DOCUMENT_TOO_LARGE',
    `The document has ${bytes} bytes, and max_document_bytes is ${maxBytes}: raise it, up to what Elasticsearch takes`,
    { details: { bytes, maxBytes } },
  );
}

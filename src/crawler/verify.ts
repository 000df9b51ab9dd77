import { documentId, runLabel } from '../documents/run-key.ts';
import type { RunSource, CallOptions } from '../sources/run-source.ts';
import type { Store } from '../store/store.ts';
import { readableAttempts, type ReadableOptions } from './work-list.ts';

export type Discrepancy =
  /** Listed, and not in the store. */
  | 'missing'
  /** Listed and stored, but changed since it was read. */
  | 'stale'
  /** Stored more than once. */
  | 'duplicate'
  /** Listed, not stored, and an error document says why. */
  | 'unreadable';

export interface VerifyFinding {
  readonly discrepancy: Discrepancy;
  readonly cluster: string;
  readonly run: string;
  readonly reason?: string | undefined;
}

export interface VerifyReport {
  readonly cluster: string;
  readonly listed: number;
  readonly stored: number;
  /** Stored runs that the source no longer lists: its retention, not a loss. */
  readonly noLongerListed: number;
  readonly findings: readonly VerifyFinding[];
}

/**
 * Compares the whole list of a source with what the store holds.
 *
 * Absence from the list proves nothing (retention, a server that is still filling its list), so it is only counted.
 */
export async function verifySource(
  source: RunSource,
  store: Store,
  options: CallOptions & Omit<ReadableOptions, 'source'>,
): Promise<VerifyReport> {
  const stored = new Map<string, string>();
  const duplicates: VerifyFinding[] = [];
  for await (const entry of store.findKeys({ cluster: source.cluster })) {
    const id = documentId(entry);
    if (stored.has(id)) duplicates.push({ discrepancy: 'duplicate', cluster: source.cluster, run: runLabel(entry) });
    stored.set(id, entry.fingerprint);
  }

  const findings: VerifyFinding[] = [...duplicates];
  const unstored: { readonly id: string; readonly run: string }[] = [];
  const listedIds = new Set<string>();
  for await (const application of source.listApplications({}, options)) {
    for (const run of readableAttempts(application, { ...options, source })) {
      listedIds.add(run.id);
      const fingerprint = stored.get(run.id);
      if (fingerprint === undefined) unstored.push({ id: run.id, run: runLabel(run.key) });
      else if (fingerprint !== run.fingerprint)
        findings.push({ discrepancy: 'stale', cluster: source.cluster, run: runLabel(run.key) });
    }
  }

  const errors = await store.readErrors(unstored.map((run) => run.id));
  for (const { id, run } of unstored) {
    const error = errors.get(id)?.spot.error;
    findings.push({
      discrepancy: error === undefined ? 'missing' : 'unreadable',
      cluster: source.cluster,
      run,
      reason: error && `${error.code}: ${error.message}`,
    });
  }
  const noLongerListed = [...stored.keys()].filter((id) => !listedIds.has(id)).length;
  return { cluster: source.cluster, listed: listedIds.size, stored: stored.size, noLongerListed, findings };
}

import { StoreError } from '../../util/errors.ts';
import type { DocumentKind, PruneOptions, PruneReport, RunFilter } from '../store.ts';
import type { BulkWriter } from './bulk.ts';
import type { Connection } from './connection.ts';
import type { Aliases } from './indexes.ts';
import { conditionsOf } from './queries.ts';
import { search, type Hit } from './reader.ts';

const DELETED_TOGETHER = 1000;

/** The aggregate is the ledger entry, and goes first: whatever is broken off then, no run counts as read that has lost a document. */
const ORDER: readonly DocumentKind[] = ['agg', 'detail', 'raw', 'err'];

/** Which version of which document, in which index: behind an alias there may be several. */
interface Doomed extends Hit {
  readonly _index: string;
  readonly _version: number;
}

/**
 * Deletes what is old, kind by kind. A kind whose index is not there has nothing to delete, and a document that is written meanwhile
 * stays.
 *
 * Search and bulk are used, not `_delete_by_query`: every Elasticsearch has them, and no request takes longer than the others do.
 *
 * @throws StoreError; the signal's reason when it fires
 */
export async function prune(
  connection: Connection,
  bulk: BulkWriter,
  aliases: Aliases,
  options: PruneOptions,
): Promise<PruneReport> {
  const report = { raw: 0, agg: 0, err: 0, detail: 0 };
  const act = options.isDryRun === true ? count : deleteOld;
  for (const kind of ORDER) {
    const alias = aliases[kind];
    if (alias === undefined || (kind === 'agg' && options.keepAggregates === true)) continue;
    try {
      report[kind] = await act({ connection, bulk, alias, options });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_NOT_FOUND') throw error;
    }
  }
  return report;
}

interface Task {
  readonly connection: Connection;
  readonly bulk: BulkWriter;
  readonly alias: string;
  readonly options: PruneOptions;
}

function filterOf({ endedBefore }: PruneOptions): RunFilter {
  return { endedBefore };
}

async function count({ connection, alias, options }: Task): Promise<number> {
  const query = { bool: { filter: conditionsOf(filterOf(options)) } };
  const path = `/${encodeURIComponent(alias)}/_count`;
  return (await connection.ask<{ count: number }>({ method: 'POST', path, body: { query } }, options.signal)).count;
}

async function deleteOld(task: Task): Promise<number> {
  const { connection, alias, options } = task;
  let deleted = 0;
  let batch: Doomed[] = [];
  const hits = search(connection, alias, filterOf(options), {
    order: 'oldest-first',
    pageSize: DELETED_TOGETHER,
    fields: { _source: false, version: true },
    signal: options.signal,
  });
  for await (const hit of hits) {
    batch.push(hit as Doomed);
    if (batch.length < DELETED_TOGETHER) continue;
    deleted += await deleteBatch(task, batch);
    batch = [];
  }
  return deleted + (await deleteBatch(task, batch));
}

async function deleteBatch({ bulk, options }: Task, batch: readonly Doomed[]): Promise<number> {
  const outcomes = await bulk.write(
    // With the version it has: a newer one stays, and the run may be saved again with the same revision.
    batch.map(({ _index, _id, _version }) => ({
      action: JSON.stringify({ delete: { _index, _id, version: _version, version_type: 'external_gte' } }),
    })),
    options.signal,
  );
  const refused = outcomes.find((outcome) => outcome.status === 'refused');
  if (refused !== undefined) throw refused.error;
  return outcomes.filter(({ status }) => status === 'done').length;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { PruneOptions, PruneReport } from '../store.ts';
import * as queries from './queries.ts';
import { damagedRow, soundRow } from './row-checksum.ts';
import type { Session } from './session.ts';

/** Deleted in one transaction: others get their turn in between, and the write-ahead log stays small. */
const PRUNED_TOGETHER = 500;
/** Beside a writer, which waits meanwhile: a transaction of some ten milliseconds. */
const PRUNED_TOGETHER_SHARED = 50;

type Deleted = Record<keyof PruneReport, number>;

/** Deletes what is old, some runs at a time: see `Store.prune`. */
export async function prune(session: Session, options: PruneOptions): Promise<PruneReport> {
  const before = options.endedBefore.getTime();
  if (options.isDryRun === true)
    return await session.read(() => count(session, before, options.keepAggregates === true));

  const deleted: Deleted = { raw: 0, agg: 0, err: 0, detail: 0 };
  const deleteRuns = options.keepAggregates === true ? deleteMoreThanAggregates : deleteWholeRuns;
  for (const step of [deleteRuns, deleteErrors])
    await repeat(session, options.signal, (most) => step(session, before, most, deleted));
  return deleted;
}

function count({ prepared }: Session, before: number, keepAggregates: boolean): PruneReport {
  const row = prepared(queries.COUNT_OLD).get(before, before) ?? {};
  const agg = keepAggregates ? 0 : Number(row['agg']);
  return { agg, raw: Number(row['raw']), detail: Number(row['detail']), err: Number(row['err']) };
}

/**
 * Calls `step` in transactions until it finds less than it may take.
 *
 * After each one it rests as long as that took when somebody else may be writing: whoever waits for a lock of SQLite looks for it
 * again and again, and would seldom find it free.
 */
async function repeat(
  session: Session,
  signal: AbortSignal | undefined,
  step: (most: number) => number,
): Promise<void> {
  const most = session.isShared ? PRUNED_TOGETHER_SHARED : PRUNED_TOGETHER;
  let restMs = 0;
  for (let found = most; found === most;) {
    await sleep(restMs);
    signal?.throwIfAborted();
    const startedAt = performance.now();
    found = await session.write(() => step(most));
    if (session.isShared) restMs = Math.ceil(performance.now() - startedAt);
  }
}

function deleteWholeRuns({ prepared }: Session, before: number, most: number, deleted: Deleted): number {
  const rows = prepared(queries.DELETE_OLD_RUNS).all(before, most);
  for (const row of rows) {
    // Its end may be damaged, in the row or in the index that it was found by; what is thrown here takes the transaction back.
    soundRow('run', row);
    if (Number(row['end_ms']) > before) throw damagedRow('run', row);
    deleted.agg += 1;
    deleted.raw += Number(row['has_raw']);
    deleted.detail += Number(row['has_detail']);
  }
  return rows.length;
}

function deleteMoreThanAggregates({ prepared }: Session, before: number, most: number, deleted: Deleted): number {
  const rows = prepared(queries.OLD_RUNS_WITH_MORE).all(before, most);
  for (const row of rows) {
    const number = Number(soundRow('run', row)['number']);
    for (const table of ['raw', 'detail'] as const) prepared(queries.deleteDocument(table)).run(number);
    prepared(queries.FORGET_MORE).run(number);
    deleted.raw += Number(row['has_raw']);
    deleted.detail += Number(row['has_detail']);
  }
  return rows.length;
}

function deleteErrors({ prepared }: Session, before: number, most: number, deleted: Deleted): number {
  const found = Number(prepared(queries.DELETE_OLD_ERRORS).run(before, most).changes);
  deleted.err += found;
  return found;
}

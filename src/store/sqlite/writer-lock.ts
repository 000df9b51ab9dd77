import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { StoreError, toError } from '../../util/errors.ts';
import { resultCode } from './errors.ts';
import { createPrivateFile } from './private-file.ts';

const SQLITE_BUSY = 5;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS owner (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    pid INTEGER NOT NULL, host TEXT NOT NULL, since TEXT NOT NULL, closed_cleanly INTEGER NOT NULL
  ) STRICT`;

/**
 * Keeps a store to one writer, and remembers whether the last one closed it.
 *
 * The lock is a tiny database beside the store in which the writer holds a transaction open: the operating system ends it with
 * the process, however that ends, so that no lock is ever stale, and others can still read there who holds it.
 * (A file with a process number would outlive `kill -9`, and mean another process in another container.)
 */
export class WriterLock implements Disposable {
  readonly #database: DatabaseSync;
  /** Whether a store was here before, and its last writer closed it. */
  readonly previous: 'none' | 'clean' | 'unclean';

  private constructor(database: DatabaseSync, previous: WriterLock['previous']) {
    this.#database = database;
    this.previous = previous;
  }

  static pathFor(storePath: string): string {
    return `${storePath}-lock`;
  }

  /** @throws StoreError `STORE_LOCKED` naming the process that holds it */
  static acquire(storePath: string, now: Date): WriterLock {
    const path = WriterLock.pathFor(storePath);
    createPrivateFile(path);
    const database = new DatabaseSync(path);
    try {
      database.exec('BEGIN IMMEDIATE');
      database.exec(SCHEMA);
      const last = database.prepare('SELECT closed_cleanly FROM owner').get();
      database
        .prepare('REPLACE INTO owner (only_row, pid, host, since, closed_cleanly) VALUES (1, ?, ?, ?, 0)')
        .run(process.pid, hostname(), now.toISOString());
      // Others see the owner only once it is committed. Whoever slips in between wins: the second BEGIN fails here.
      database.exec('COMMIT; BEGIN IMMEDIATE');
      if (last === undefined) return new WriterLock(database, 'none');
      return new WriterLock(database, last['closed_cleanly'] === 1 ? 'clean' : 'unclean');
    } catch (thrown) {
      const isHeld = resultCode(toError(thrown)) === SQLITE_BUSY;
      const error = isHeld ? lockedError(storePath, database, thrown) : thrown;
      database.close();
      throw error;
    }
  }

  /** Gives the lock up after the store was closed in order. Where that cannot be noted (a full disk), the next start checks the store. */
  releaseCleanly(): void {
    try {
      this.#database.exec('UPDATE owner SET closed_cleanly = 1; COMMIT');
    } catch {
      // The lock is given up all the same.
    } finally {
      this.#database.close();
    }
  }

  /** Gives the lock up without a word about the store's state. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function lockedError(path: string, database: DatabaseSync, cause: unknown): StoreError {
  const { pid, host, since } = ownerOf(database);
  return new StoreError(
    'STORE_LOCKED',
    `Process ${pid} on ${host} has been writing to ${path} since ${since}, and a store has one writer: stop that process, or name another store`,
    { details: { path, pid, host, since }, cause },
  );
}

function ownerOf(database: DatabaseSync): { pid: string; host: string; since: string } {
  try {
    const owner = database.prepare('SELECT pid, host, since FROM owner').get();
    if (owner !== undefined)
      return { pid: String(owner['pid']), host: String(owner['host']), since: String(owner['since']) };
  } catch {
    // The other process is just starting: its lock stands, its name is not written yet.
  }
  return { pid: '(unknown)', host: 'this machine', since: 'just now' };
}

import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreError } from '../../util/errors.ts';
import { IN_MEMORY, type Access } from './config.ts';
import type { Connection } from './connection.ts';
import { closedError, toStoreError } from './errors.ts';
import { valuesOf, type StatementOfValues } from './statement-of-values.ts';

/** Prepares a statement once. */
export type Prepare = (sql: string) => StatementSync;

/** An open database: each piece of work on it is synchronous, and a promise to the outside whose rejection is a `StoreError`. */
export class Session {
  readonly path: string;
  readonly #connection: Connection;
  readonly #access: Access;
  readonly #statements = new Map<string, StatementSync>();
  #isClosing = false;

  constructor(path: string, connection: Connection, access: Access) {
    this.path = path;
    this.#connection = connection;
    this.#access = access;
  }

  /** Whether somebody else may be writing. */
  get isShared(): boolean {
    return this.#access === 'share';
  }

  readonly prepared: Prepare = (sql) => {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  };

  preparedForValues(sql: string): StatementOfValues {
    return valuesOf(this.prepared(sql));
  }

  /** Runs work that only reads. */
  read<T>(action: () => T): Promise<T> {
    return this.#attempt(action);
  }

  /** Runs work in a transaction of its own, which is taken back when it throws. */
  write<T>(action: () => T, options: { readonly whileClosing?: boolean } = {}): Promise<T> {
    return this.#attempt(() => this.#transaction(action), options);
  }

  /** Writes and takes it back, so that a full or read-only disk shows. */
  tryToWrite(): Promise<void> {
    return this.#attempt(() => {
      this.#refuseReader();
      this.#database.exec('BEGIN IMMEDIATE; CREATE TABLE write_check (x); ROLLBACK');
    });
  }

  /** @throws StoreError `STORE_CLOSED`, `STORE_READ_ONLY`: before work that is only worth doing when it can be written */
  refuseUnlessWriting(): void {
    this.#refuseClosed();
    this.#refuseReader();
  }

  /** Runs part of a transaction; when it throws, that part alone is taken back. */
  part<T>(action: () => T, onError: (thrown: unknown) => T): T {
    this.prepared('SAVEPOINT part').run();
    try {
      return action();
    } catch (thrown) {
      const told = onError(thrown);
      this.prepared('ROLLBACK TO part').run();
      return told;
    } finally {
      // A full disk has ended the transaction already.
      if (this.#database.isTransaction) this.prepared('RELEASE part').run();
    }
  }

  /** Bytes of the file and of its write-ahead log. */
  bytes(): number {
    if (this.path === IN_MEMORY) return 0;
    const sizes = ['', '-wal'].map((suffix) => statSync(this.path + suffix, { throwIfNoEntry: false })?.size ?? 0);
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Refuses what comes from now on, waits for `pending`, then closes. */
  async close(pending: Iterable<Promise<unknown>>): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    await Promise.allSettled(pending);
    this.#statements.clear();
    this.#database.close();
    this.#connection.lock?.releaseCleanly();
  }

  get #database(): DatabaseSync {
    return this.#connection.database;
  }

  #transaction<T>(action: () => T): T {
    this.#refuseReader();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = action();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has ended the transaction already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  async #attempt<T>(action: () => T, { whileClosing = false } = {}): Promise<T> {
    if (!whileClosing) this.#refuseClosed();
    try {
      return await Promise.resolve(action());
    } catch (error) {
      throw toStoreError(error, this.path);
    }
  }

  #refuseClosed(): void {
    if (this.#isClosing) throw closedError(this.path);
  }

  #refuseReader(): void {
    if (this.#access === 'read')
      throw new StoreError('STORE_READ_ONLY', `The store ${this.path} was opened for reading`, {
        details: { path: this.path },
      });
  }
}

import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Logger } from '../../logging/logger.ts';
import { StoreError } from '../../util/errors.ts';
import { DEFAULT_BUSY_TIMEOUT_MS, IN_MEMORY, SHARED_BUSY_TIMEOUT_MS, type SqliteStoreOptions } from './config.ts';
import { damageIn } from './damage.ts';
import { isLogDamaged } from './damaged-log.ts';
import { checkedVersion, migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { createPrivateFile } from './private-file.ts';
import { WriterLock } from './writer-lock.ts';

/** An open database, and the right to write to it where there is one. */
export interface Connection {
  readonly database: DatabaseSync;
  /** Absent for a reader, for whoever shares the store, and for a store in memory. */
  readonly lock?: WriterLock;
}

/** A store up to this size is checked by its writer at every start, for that takes a moment; a larger one only when it was not closed in order. */
const ALWAYS_CHECKED_BYTES = 64 * 1024 * 1024;

/** Up to this size by whoever opens it: a person waits for most of those. */
const CHECKED_BY_ALL_BYTES = 8 * 1024 * 1024;

/** Above this size only the ledger is checked, so that a start takes seconds; rows and documents prove themselves when they are read. */
const WHOLLY_CHECKED_BYTES = 512 * 1024 * 1024;

/**
 * WAL lets readers stand beside the writer; FULL makes a commit outlive a power cut.
 * `trusted_schema` and `cell_size_check` make SQLite doubt the file.
 */
const SETTINGS = `
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA temp_store = MEMORY;
  PRAGMA cache_size = -16000;
`;
const WRITING_SETTINGS = `
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
`;
/** The file itself remembers it. */
const WRITER_SETTINGS = `PRAGMA journal_mode = WAL; ${WRITING_SETTINGS}`;

/** Opens a store as `options.access` says. */
export function openConnection(options: SqliteStoreOptions, logger: Logger, now: Date): Connection {
  if (options.access === 'read') return openForReading(options);
  // Nobody else is in a store in memory.
  if (options.access === 'share' && options.path !== IN_MEMORY) return openForSharing(options, logger, now);
  return openForWriting(options, logger, now);
}

/**
 * Opens a store beside its writer.
 *
 * @throws StoreError `STORE_NOT_FOUND`, `STORE_NOT_A_STORE`, `STORE_NEWER`, `STORE_OLDER`, `STORE_CORRUPT`
 */
export function openForReading(options: SqliteStoreOptions): Connection {
  const { path } = options;
  const { database } = openUnchecked(options);
  return closedOnError(database, () => {
    checkSmall(database, path);
    return { database };
  });
}

/** As {@link openForReading}, for whoever checks it. */
export function openUnchecked(options: SqliteStoreOptions): Connection {
  const { path } = options;
  refuseMissing(path);
  const database = new DatabaseSync(path, {
    readOnly: true,
    timeout: options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS,
  });
  return closedOnError(database, () => {
    database.exec(SETTINGS);
    if (checkedVersion(database, path) < MIGRATIONS.length) {
      throw new StoreError(
        'STORE_OLDER',
        `${path} was written by an older Spot: let a writing command such as spot crawl bring it up to date`,
        {
          details: { path },
        },
      );
    }
    return { database };
  });
}

/**
 * Opens a store for short transactions, beside its writer or without one.
 *
 * An older store is first brought up to date as its writer does it: with the lock. A store that was not closed in order is left for
 * its next writer to check; what is damaged shows all the same when it is touched.
 *
 * @throws StoreError `STORE_NOT_FOUND`, `STORE_NOT_A_STORE`, `STORE_NEWER`; `STORE_LOCKED` when an older Spot is writing to it
 */
export function openForSharing(options: SqliteStoreOptions, logger: Logger, now: Date): Connection {
  const { path } = options;
  refuseMissing(path);
  if (versionOf(path) < MIGRATIONS.length) {
    const { database, lock } = openForWriting(options, logger, now);
    database.close();
    lock?.releaseCleanly();
  }
  const database = new DatabaseSync(path, { timeout: options.busyTimeoutMs ?? SHARED_BUSY_TIMEOUT_MS });
  return closedOnError(database, () => {
    database.exec(SETTINGS);
    database.exec(WRITING_SETTINGS);
    checkSmall(database, path);
    return { database };
  });
}

function versionOf(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true, timeout: DEFAULT_BUSY_TIMEOUT_MS });
  return checkedVersion(database, path);
}

function refuseMissing(path: string): void {
  if (existsSync(path)) return;
  throw new StoreError(
    'STORE_NOT_FOUND',
    `There is no store ${path} yet: run spot crawl first, or name the right path`,
    { details: { path } },
  );
}

/**
 * Opens a store as its one writer; creates it where there is none, and brings an older one up to date.
 *
 * @throws StoreError `STORE_LOCKED`, `STORE_CORRUPT`, `STORE_NOT_A_STORE`, `STORE_NEWER`, `STORE_UNWRITABLE`
 */
export function openForWriting(options: SqliteStoreOptions, logger: Logger, now: Date): Connection {
  const { path } = options;
  const timeout = options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS;
  if (path === IN_MEMORY) return { database: prepared(new DatabaseSync(path, { timeout }), path) };

  const isNew = createPrivateFile(path);
  if (!statSync(path).isFile()) {
    throw new StoreError('STORE_UNWRITABLE', `${path} is no file: name a file in a folder that Spot may write`, {
      details: { path },
    });
  }
  const lock = WriterLock.acquire(path, now);
  return closedOnError(lock, () => {
    refuseEmptied(path, isNew, lock);
    if (lock.previous === 'unclean' && isLogDamaged(path)) {
      logger.warn(
        'The write-ahead log of the store was damaged: what was stored last is missing, and is read again where its source still has it.',
        { path },
      );
    }
    const database = new DatabaseSync(path, { timeout });
    return closedOnError(database, () => {
      if (!isNew) check(database, path, lock, logger);
      return { database: prepared(database, path), lock };
    });
  });
}

function prepared(database: DatabaseSync, path: string): DatabaseSync {
  database.exec(SETTINGS);
  const version = checkedVersion(database, path);
  database.exec(WRITER_SETTINGS);
  migrate(database, version);
  return database;
}

/** SQLite takes a file of zero bytes for a new database; where a store was before, it is a loss (a power cut can leave it so). */
function refuseEmptied(path: string, isNew: boolean, lock: WriterLock): void {
  if (isNew || lock.previous === 'none' || statSync(path).size > 0) return;
  const lockPath = WriterLock.pathFor(path);
  throw new StoreError(
    'STORE_CORRUPT',
    `${path} is empty, but a store was there: restore a backup, or remove it and ${lockPath} to start anew`,
    {
      details: { path },
    },
  );
}

function check(database: DatabaseSync, path: string, lock: WriterLock, logger: Logger): void {
  const bytes = statSync(path).size;
  if (lock.previous === 'clean' && bytes > ALWAYS_CHECKED_BYTES) return;
  if (lock.previous === 'unclean')
    logger.info('The store was not closed in order the last time; checking it.', { path, bytes });

  if (bytes <= ALWAYS_CHECKED_BYTES) {
    refuseDamaged(database, path);
    return;
  }
  const checks =
    bytes > WHOLLY_CHECKED_BYTES ? ['quick_check(run)', 'quick_check(error)', 'quick_check(kept)'] : ['quick_check(1)'];
  for (const pragma of checks) {
    const finding = database.prepare(`PRAGMA ${pragma}`).get()?.['quick_check'];
    if (finding !== 'ok') throw damagedError(path, finding);
  }
}

function checkSmall(database: DatabaseSync, path: string): void {
  if (statSync(path).size <= CHECKED_BY_ALL_BYTES) refuseDamaged(database, path);
}

function refuseDamaged(database: DatabaseSync, path: string): void {
  const { value: finding } = damageIn(database, path).next();
  if (finding !== undefined) throw damagedError(path, finding);
}

function damagedError(path: string, finding: unknown): StoreError {
  return new StoreError(
    'STORE_CORRUPT',
    `The database ${path} is damaged: move it away and restore a backup, or crawl again into a new file`,
    {
      details: { path, finding },
    },
  );
}

/** Closes what was opened when what follows fails. */
function closedOnError<T>(resource: Disposable, action: () => T): T {
  try {
    return action();
  } catch (error) {
    resource[Symbol.dispose]();
    throw error;
  }
}

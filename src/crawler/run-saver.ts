import type { RunDocuments, SaveOutcome, Store } from '../store/store.ts';
import type { RunToRead } from './work-list.ts';

interface Pending {
  readonly run: RunToRead;
  readonly documents: RunDocuments;
}

export interface RunSaverOptions {
  readonly batchRuns: number;
  readonly now: () => Date;
  /** Writes a batch; the caller's place for patience. */
  readonly save: (batch: readonly RunDocuments[]) => ReturnType<Store['saveRuns']>;
  readonly onOutcome: (run: RunToRead, documents: RunDocuments, outcome: SaveOutcome) => Promise<void> | void;
}

/** Nothing that was read waits longer than this for its batch to fill. */
const LONGEST_WAIT_MS = 2000;

/**
 * Gathers what was read into batches and writes them one after the other.
 *
 * A batch is gathered while the one before is written; whoever fills it waits for that one. So no more than two batches and what is
 * being read is ever in memory. After a failed write nothing more is written: every later call fails as it did.
 */
export class RunSaver {
  readonly #options: RunSaverOptions;
  #batch: Pending[] = [];
  #batchSince = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(options: RunSaverOptions) {
    this.#options = options;
  }

  /** @throws what a write before threw */
  async add(run: RunToRead, documents: RunDocuments): Promise<void> {
    const now = this.#options.now().getTime();
    if (this.#batch.length === 0) this.#batchSince = now;
    this.#batch.push({ run, documents });
    if (this.#batch.length >= this.#options.batchRuns || now - this.#batchSince >= LONGEST_WAIT_MS) {
      await this.#startWriting();
    }
  }

  /** Writes what is gathered, and waits for what is being written. */
  async flush(): Promise<void> {
    await this.#startWriting();
    await this.#written;
  }

  /** @returns when the batch before is written */
  async #startWriting(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    const before = this.#written;
    this.#written = before.then(() => (batch.length > 0 ? this.#write(batch) : undefined));
    // Whoever comes next is told.
    this.#written.catch(() => undefined);
    await before;
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    const outcomes = await this.#options.save(batch.map((pending) => pending.documents));
    for (const [index, { run, documents }] of batch.entries()) {
      const outcome = outcomes[index] ?? {
        status: 'rejected',
        error: new Error('The store gave no outcome for this run'),
      };
      await this.#options.onOutcome(run, documents, outcome);
    }
  }
}

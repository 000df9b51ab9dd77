import PQueue from 'p-queue';
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
 * Whoever adds to a full batch waits until it is written: so no more than a batch and what is being read is ever in memory.
 */
export class RunSaver {
  readonly #options: RunSaverOptions;
  readonly #writer = new PQueue({ concurrency: 1 });
  #batch: Pending[] = [];
  #batchSince = 0;

  constructor(options: RunSaverOptions) {
    this.#options = options;
  }

  async add(run: RunToRead, documents: RunDocuments): Promise<void> {
    const now = this.#options.now().getTime();
    if (this.#batch.length === 0) this.#batchSince = now;
    this.#batch.push({ run, documents });
    if (this.#batch.length >= this.#options.batchRuns || now - this.#batchSince >= LONGEST_WAIT_MS) await this.flush();
  }

  /** Writes what is gathered, and waits for what is being written. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    await this.#writer.add(async () => {
      if (batch.length > 0) await this.#write(batch);
    });
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

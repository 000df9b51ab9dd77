interface Kept<Run> {
  readonly token: string;
  readonly run: Run;
  readonly bytes: number;
}

interface Loading<Run> {
  readonly token: string;
  readonly promise: Promise<Run>;
  waiting: number;
}

export interface RunCacheOptions<Run> {
  /** Runs kept, together; one that is larger alone is not kept. */
  readonly maxBytes: number;
  readonly sizeOf: (run: Run) => number;
}

/**
 * Keeps the runs that were asked for last, and loads each only once however many ask for it.
 *
 * A run whose loading has begun is loaded to its end even when everybody has left: who asks again, because it took too
 * long, finds it.
 */
export class RunCache<Run> {
  readonly #options: RunCacheOptions<Run>;
  /** The one that was asked for last comes last. */
  readonly #kept = new Map<string, Kept<Run>>();
  readonly #loading = new Map<string, Loading<Run>>();
  #bytes = 0;

  constructor(options: RunCacheOptions<Run>) {
    this.#options = options;
  }

  /** Of the runs that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param token - what is kept under another one is out of date
   * @param load - told whether anybody still waits, for the moment when its turn comes
   * @throws what `load` throws, and the reason of the signal
   */
  async get(
    key: string,
    token: string,
    load: (isWanted: () => boolean) => Promise<Run>,
    signal: AbortSignal,
  ): Promise<Run> {
    signal.throwIfAborted();
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#forget(key, kept);
      if (kept.token === token) {
        this.#keep(key, kept);
        return kept.run;
      }
    }
    const known = this.#loading.get(key);
    const loading = known?.token === token ? known : this.#load(key, token, load);
    loading.waiting++;
    try {
      return await unlessAborted(loading.promise, signal);
    } finally {
      loading.waiting--;
    }
  }

  #load(key: string, token: string, load: (isWanted: () => boolean) => Promise<Run>): Loading<Run> {
    // It begins when whoever asked first is counted.
    const promise = Promise.resolve().then(() => load(() => loading.waiting > 0));
    const loading: Loading<Run> = { token, waiting: 0, promise };
    this.#loading.set(key, loading);
    const isDone = (): void => {
      if (this.#loading.get(key) === loading) this.#loading.delete(key);
    };
    loading.promise.then(
      (run) => {
        isDone();
        const bytes = this.#options.sizeOf(run);
        const old = this.#kept.get(key);
        if (old !== undefined) this.#forget(key, old);
        if (bytes <= this.#options.maxBytes) this.#keep(key, { token, run, bytes });
      },
      // Those who wait are told; when nobody does, nobody needs to know.
      isDone,
    );
    return loading;
  }

  #keep(key: string, entry: Kept<Run>): void {
    this.#kept.set(key, entry);
    this.#bytes += entry.bytes;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#bytes <= this.#options.maxBytes) return;
      this.#kept.delete(oldest);
      this.#bytes -= bytes;
    }
  }

  #forget(key: string, { bytes }: Kept<Run>): void {
    this.#kept.delete(key);
    this.#bytes -= bytes;
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

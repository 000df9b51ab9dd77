import { setTimeout as sleep } from 'node:timers/promises';
import { SpotError, toError } from '../util/errors.ts';

export interface Patience {
  /** How long to keep trying; Infinity for a daemon, which has nothing better to do. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Told about each failure, so that nobody takes waiting for idleness. */
  readonly onFailure: (error: Error) => void;
  readonly now: () => Date;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;

/**
 * Repeats a store operation while it fails with a retryable error.
 *
 * The caller waits meanwhile: that is the back-pressure which keeps what is read but not yet written small.
 *
 * @throws the last error when it is not retryable, patience ends, or the signal fires
 */
export async function patiently<T>(operation: () => Promise<T>, patience: Patience): Promise<T> {
  const started = patience.now().getTime();
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await operation();
    } catch (thrown) {
      const error = toError(thrown);
      const isRetryable = error instanceof SpotError && error.retryable;
      const waitedSeconds = (patience.now().getTime() - started) / 1000;
      if (!isRetryable || patience.signal?.aborted === true || waitedSeconds >= patience.seconds) throw error;
      patience.onFailure(error);
    }
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt, 10), LONGEST_DELAY_MS);
    await sleep(delayMs, undefined, { signal: patience.signal }).catch(() => undefined);
  }
}

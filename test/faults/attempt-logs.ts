import { rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { START } from '../support/memory-source.ts';
import type { Attempt, Truth } from './attempt-truth.ts';
import { smallLog } from './small-log.ts';

interface KnownLog {
  readonly appId: string;
  readonly attemptId: string;
  readonly attempt: Attempt;
  readonly arrivesAt: number;
  told: 'nothing' | 'in progress' | 'whole';
}

/**
 * The event logs of attempts, as Spark writes them: `.inprogress` until the end, then renamed. Those of some clusters
 * come later, with whatever has happened until then.
 */
export class AttemptLogs {
  readonly #folder: string;
  readonly #logs = new Map<string, KnownLog>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** To be told of an application after each change of it. @param arrivesAt - of the log of an attempt that is new */
  know(appId: string, attempts: readonly Attempt[], arrivesAt: number): void {
    for (const [index, attempt] of attempts.entries()) {
      const attemptId = String(index + 1);
      const name = `${appId}_${attemptId}`;
      if (!this.#logs.has(name)) this.#logs.set(name, { appId, attemptId, attempt, arrivesAt, told: 'nothing' });
    }
  }

  /** Writes what has changed of the logs that have arrived. */
  async write({ now }: Truth): Promise<void> {
    for (const [name, log] of this.#logs) {
      const { appId, attemptId, attempt, arrivesAt } = log;
      const { startsAt, endsAt } = attempt;
      const isNews = log.told === 'nothing' || (log.told === 'in progress' && endsAt !== undefined);
      if (arrivesAt > now || !isNews) continue;
      const path = join(this.#folder, name);
      const growing = `${path}.inprogress`;
      await writeFile(growing, smallLog(appId, { startsAt, endsAt, attemptId }));
      log.told = 'in progress';
      if (endsAt === undefined) continue;
      const modified = START / 1000 + endsAt;
      await utimes(growing, modified, modified);
      await rename(growing, path);
      log.told = 'whole';
    }
  }
}

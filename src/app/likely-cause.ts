import type { AnalyzeOptions } from '../analysis/analyze.ts';
import { compareSeverity } from '../analysis/severity.ts';
import type { RunKey } from '../documents/run-key.ts';
import type { LikelyCause } from '../series/kept.ts';
import type { Store } from '../store/store.ts';
import { analyzeRun } from './analyze-run.ts';
import { compareStoredRuns } from './compare-runs.ts';
import { RunNotFoundError } from './find-run.ts';

/** More causes do not help. */
const MOST_CAUSES = 3;
/** A cause below this part of the change is none. */
const LEAST_SHARE = 0.1;

/**
 * Why a run took longer than another one of its application: what the comparison lays the change on, and what only it was found to do wrong.
 *
 * @returns `undefined` when one of the two is no longer stored
 */
export async function likelyCause(
  store: Store,
  good: RunKey,
  slow: RunKey,
  options: AnalyzeOptions,
): Promise<LikelyCause | undefined> {
  try {
    const { before, changeMs, causes } = await compareStoredRuns(store, good, slow);
    const had = await findingsOf(store, good, options);
    const has = await findingsOf(store, slow, options);
    return {
      comparedWith: before.run,
      changeMs,
      // What pushed the way the time went; a shift for the better has causes too.
      causes: causes.filter((part) => part.changeMs / changeMs >= LEAST_SHARE).slice(0, MOST_CAUSES),
      newFindings: has.filter(({ id }) => !had.some((other) => other.id === id)).map(({ text }) => text),
    };
  } catch (error) {
    if (error instanceof RunNotFoundError) return undefined;
    throw error;
  }
}

async function findingsOf(
  store: Store,
  key: RunKey,
  options: AnalyzeOptions,
): Promise<readonly { readonly id: string; readonly text: string }[]> {
  try {
    const { findings } = await analyzeRun(store, key, options);
    return findings
      .filter(({ severity }) => compareSeverity(severity, 'moderate') >= 0)
      .map(({ id, severity, subject }) => ({ id, text: `${severity}: ${id} (${subject})` }));
  } catch (error) {
    // Neither tasks nor stages are stored: the comparison alone has to do.
    if (error instanceof RunNotFoundError) return [];
    throw error;
  }
}

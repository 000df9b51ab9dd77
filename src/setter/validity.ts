import { changedParts, type FingerprintPart } from '../regression/program-fingerprint.ts';
import { countSettings } from './history-model.ts';
import { newestFirst, type HistoryRun } from './history-run.ts';

/** Whether what the runs teach still holds for the program as it is now. */
export interface Validity {
  /** `changed`: some of the runs learnt from are of an earlier version; `unknown`: the runs do not show what program they were. */
  readonly status: 'current' | 'changed' | 'unknown';
  /** In what the newest change consisted; empty without one. */
  readonly changed: readonly FingerprintPart[];
  /** End of the first run of the present version; absent without a change. */
  readonly since?: string;
  /** Runs of an earlier version, and of the present one, among those stored. */
  readonly runsBefore: number;
  readonly runsSince: number;
}

/** The runs to learn from, newest first, and how far they can be trusted. */
export interface ValidRuns {
  readonly runs: readonly HistoryRun[];
  readonly validity: Validity;
}

/** So many different settings since a change, and what was before it is left out. */
const ENOUGH_SETTINGS = 5;

/**
 * The runs of the program as it is now, if they are enough, else all of them, marked.
 *
 * The newest run tells what the program is now; going back, the first run that differs from it ends the present version.
 */
export function validRuns(history: readonly HistoryRun[]): ValidRuns {
  const runs = newestFirst(history);
  const present = runs[0]?.program ?? {};
  const first = runs.findIndex(({ program }) => program !== undefined && changedParts(program, present).length > 0);
  if (first === -1) {
    const isKnown = runs.some(({ program }) => program !== undefined && Object.keys(program).length > 0);
    const status = isKnown ? 'current' : 'unknown';
    return { runs, validity: { status, changed: [], runsBefore: 0, runsSince: runs.length } };
  }
  const since = runs.slice(0, first);
  const changed = changedParts(runs[first]?.program ?? {}, present);
  const isEnough = countSettings(since) >= ENOUGH_SETTINGS;
  const firstEnd = since.at(-1)?.endTime;
  return {
    runs: isEnough ? since : runs,
    validity: {
      status: isEnough ? 'current' : 'changed',
      changed,
      ...(firstEnd === undefined ? {} : { since: firstEnd }),
      runsBefore: runs.length - since.length,
      runsSince: since.length,
    },
  };
}

const PART_NAMES: Readonly<Record<FingerprintPart, string>> = {
  files: 'its jars or scripts',
  spark: 'the Spark version',
  stages: 'what its stages do',
  plans: 'its SQL plans',
};

/** What a person should know of it, in a sentence; nothing when all is well. */
export function validityNote({ status, changed, since, runsBefore, runsSince }: Validity): string | undefined {
  if (changed.length === 0) return undefined;
  const what = changed.map((part) => PART_NAMES[part]).join(' and ');
  const when = since === undefined ? '' : ` on ${since.slice(0, 10)}`;
  return status === 'changed'
    ? `the program changed${when} (${what}): ${runsBefore} of the runs learnt from are of before, ${runsSince} of since, so it may be off`
    : `the program changed${when} (${what}): only the ${runsSince} runs since then are learnt from`;
}

import { setImmediate } from 'node:timers/promises';
import type { AnalyzeOptions } from '../analysis/analyze.ts';
import { documentId, type RunKey } from '../documents/run-key.ts';
import { judge, SERIES_LENGTH, shiftsOf, type Judgement, type Shift } from '../series/judge.ts';
import {
  eventId,
  seriesPrefix,
  stateId,
  type KeptSeries,
  type LikelyCause,
  type LevelShift,
  type SeriesState,
  type SlowRun,
} from '../series/kept.ts';
import { inOrder, seriesRunOf, type SeriesRun } from '../series/series-run.ts';
import type { KeptDocument, Store } from '../store/store.ts';
import { likelyCause } from './likely-cause.ts';
import { readSeries, type SeriesName } from './series-runs.ts';

export interface RefreshOptions {
  readonly now: Date;
  /** Only these runs are judged (they have just been stored); all when absent, and what no longer holds is forgotten. */
  readonly only?: readonly RunKey[] | undefined;
  /** The series as the last call gave it, which then is not read again. */
  readonly known?: readonly SeriesRun[] | undefined;
  readonly analysis?: AnalyzeOptions | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reading two runs for each event of years would take long, and nobody asks why a run of last year was slow. */
const MOST_EXPLAINED = 20;

interface Entry {
  readonly id: string;
  readonly body: KeptSeries;
}

/**
 * Judges the runs of an application and keeps what comes of it: its slow runs and changes of level, each with its likely cause, and how it
 * stands.
 *
 * The same runs give the same events; doing it twice changes nothing.
 *
 * @returns how the application stands, and its runs; `undefined` when it has no completed run
 */
export async function refreshSeries(
  store: Store,
  name: SeriesName,
  options: RefreshOptions,
): Promise<{ readonly state: SeriesState; readonly series: readonly SeriesRun[] } | undefined> {
  const series = await seriesWith(store, name, options);
  const newest = series.at(-1);
  if (newest === undefined) return undefined;

  const wanted = options.only && new Set(options.only.map(documentId));
  const slow: Judgement[] = [];
  for (const [i, { key }] of series.entries()) {
    if (wanted?.has(documentId(key)) === false) continue;
    const judgement = judge(series, i);
    if (judgement?.verdict === 'slower') slow.push(judgement);
    // Judging a long series takes a while, in which others want to get on.
    await setImmediate();
  }
  const entries: Entry[] = [];
  for (const [i, judgement] of slow.entries())
    entries.push(await slowEntry(store, name, judgement, options, i >= slow.length - MOST_EXPLAINED));
  for (const shift of shiftsOf(series)) entries.push(await shiftEntry(store, name, shift, options));
  const state = stateOf(name, series, newest);
  entries.push({ id: stateId(name.cluster, name.tag), body: state });
  await replaceKept(store, name, entries, options);
  return { state, series };
}

/** Those that a search finds, and those just stored, which a search may not find yet. */
async function seriesWith(store: Store, name: SeriesName, options: RefreshOptions): Promise<readonly SeriesRun[]> {
  const { only = [], signal } = options;
  const known = options.known ?? (await readSeries(store, name, signal === undefined ? {} : { signal }));
  const added: SeriesRun[] = [];
  for (const key of only) {
    const document = await store.readAggregate(key);
    const run = document && seriesRunOf(document);
    if (run !== undefined) added.push(run);
  }
  return inOrder([...known, ...added]).slice(-SERIES_LENGTH);
}

async function slowEntry(
  store: Store,
  { cluster, tag }: SeriesName,
  { run, expectation, goodRun }: Judgement,
  { analysis = {} }: RefreshOptions,
  isExplained: boolean,
): Promise<Entry> {
  const { expectedMs = run.durationMs, highMs = run.durationMs, runs = 0 } = expectation ?? {};
  const cause =
    isExplained && goodRun !== undefined ? await likelyCause(store, goodRun.key, run.key, analysis) : undefined;
  const body: SlowRun = {
    type: 'run',
    cluster,
    tag,
    run: run.run,
    endedAt: isoOf(run),
    durationMs: run.durationMs,
    inputBytes: run.inputBytes,
    expectedMs: Math.round(expectedMs),
    highMs: Math.round(highMs),
    runsBefore: runs,
    ratio: run.durationMs / expectedMs,
    ...causeField(cause),
  };
  return { id: eventId(tag, 'run', run.key), body };
}

async function shiftEntry(
  store: Store,
  { cluster, tag }: SeriesName,
  { first, last, typicalBefore, typicalAfter, ratio, runsBefore, runsAfter, pValue }: Shift,
  { analysis = {} }: RefreshOptions,
): Promise<Entry> {
  const cause = await likelyCause(store, typicalBefore.key, typicalAfter.key, analysis);
  const body: LevelShift = {
    type: 'shift',
    cluster,
    tag,
    run: first.run,
    endedAt: isoOf(first),
    after: last.run,
    ratio,
    runsBefore,
    runsAfter,
    pValue,
    ...causeField(cause),
  };
  return { id: eventId(tag, 'shift', first.key), body };
}

function causeField(likely: LikelyCause | undefined): { readonly likelyCause?: LikelyCause } {
  return likely === undefined ? {} : { likelyCause: likely };
}

function stateOf({ cluster, tag }: SeriesName, series: readonly SeriesRun[], newest: SeriesRun): SeriesState {
  const { verdict = 'unknown', expectation } = judge(series, series.length - 1) ?? {};
  return {
    type: 'series',
    cluster,
    tag,
    runs: series.length,
    newestRun: newest.run,
    newestEnd: isoOf(newest),
    verdict,
    ...(expectation && {
      baseline: {
        expectedMs: Math.round(expectation.expectedMs),
        highMs: Math.round(expectation.highMs),
        spreadRatio: expectation.spreadRatio,
        sizeExponent: expectation.sizeExponent,
      },
    }),
  };
}

async function replaceKept(
  store: Store,
  { cluster, tag }: SeriesName,
  entries: readonly Entry[],
  { now, only }: RefreshOptions,
): Promise<void> {
  const before = new Map<string, KeptDocument>();
  for await (const kept of store.findKept('regression', { idPrefix: seriesPrefix(cluster, tag) }))
    before.set(kept.id, kept);
  const kept = new Set(entries.map(({ id }) => id));
  await store.keep(
    entries.map(({ id, body }) => ({
      kind: 'regression',
      id,
      // A clock that was set back must not keep the new from replacing the old.
      revision: Math.max(now.getTime(), (before.get(id)?.revision ?? 0) + 1),
      savedAt: now.toISOString(),
      body,
    })),
  );
  // Changes of level are always looked for in the whole series; slow runs that were not judged now stay.
  const isObsolete = ({ id, body }: KeptDocument): boolean =>
    !kept.has(id) && (only === undefined || (body as KeptSeries).type === 'shift');
  const obsolete = [...before.values()].filter(isObsolete).map(({ id }) => id);
  if (obsolete.length > 0) await store.forget('regression', obsolete);
}

function isoOf({ endedAt }: SeriesRun): string {
  return new Date(endedAt).toISOString();
}

import { runLabel, type RunKey } from '../documents/run-key.ts';
import type { Prices } from '../setter/config.ts';
import { contradicts } from '../setter/bounds.ts';
import { pricePerMs } from '../setter/cost.ts';
import { historyRunOf, type HistoryRun } from '../setter/history-run.ts';
import { countSettings } from '../setter/history-model.ts';
import { modelOf, type ApplicationHistory, type LearnedModel } from '../setter/kept-models.ts';
import { faultsOf } from '../setter/launch-properties.ts';
import type { Limits } from '../setter/question.ts';
import type { KeptDocument, Store } from '../store/store.ts';
import {
  isRecorded,
  propose,
  record,
  recordFailure,
  startSession,
  stopSession,
  type TuningContext,
} from '../tuning/advance.ts';
import { TUNING_VERSION, TuningError, type TuningSession, type TuningSettings } from '../tuning/session.ts';
import { findRun } from './find-run.ts';
import { hasFailed } from './failed-run.ts';
import { requireApplication } from './run-history.ts';

/** From so many different settings on the model of the application has a say beside the session's own law. */
const SETTINGS_OF_A_MODEL = 8;
/** So often a change by somebody else at the same moment is followed by a new try. */
const TRIES = 5;

/** A session begins with what the newest so many runs teach. */
const MOST_RUNS = 60;

export interface TuningTarget {
  readonly tag: string;
  readonly cluster?: string | undefined;
}

export interface TuningParts {
  readonly store: Store;
  readonly limits: Limits;
  readonly prices: Prices;
  readonly now: () => Date;
}

/** @throws TuningError `TUNING_RUNNING` when a session of it goes on; `SUGGESTION_NO_HISTORY` without a run to start from */
export async function startTuning(
  parts: TuningParts,
  target: TuningTarget,
  settings: TuningSettings,
): Promise<TuningSession> {
  const { store, now } = parts;
  const { all } = await requireApplication(store, target);
  const { runs, failed } = await withoutFailed(store, all);
  return await change(parts, target, (kept) => {
    if (kept !== undefined && kept.stopped === undefined)
      throw new TuningError(
        'TUNING_RUNNING',
        `${target.tag} is being tuned since ${kept.startedAt}: \`spot tune next ${target.tag}\` goes on, \`spot tune stop ${target.tag}\` ends it`,
      );
    return startSession({ ...target, settings, runs, ignored: failed, now: now() });
  });
}

/**
 * Records what was run since, and proposes the next configuration; a proposal that is awaited stays.
 *
 * @throws TuningError `TUNING_NOT_STARTED`
 */
export async function nextTuning(
  parts: TuningParts,
  target: TuningTarget,
  inputBytes?: number,
): Promise<{ readonly session: TuningSession; readonly context: TuningContext }> {
  await recordStored(parts, target, { onlyOne: false });
  const kept = await requireTuning(parts.store, target);
  const context = await contextOf(parts, target, inputBytes ?? kept.baseline.inputBytes);
  const session = await change(parts, target, (now) => propose(required(now, target), context, inputBytes));
  return { session, context };
}

/**
 * Records one run: the one named, or the newest that is stored and not recorded.
 *
 * @param options.failed - say that it failed; one whose last job failed needs no saying
 * @throws TuningError `TUNING_NOT_STARTED`, `TUNING_NOT_PROPOSED`, `TUNING_NO_NEW_RUN`, `TUNING_OTHER_APPLICATION`; RunNotFoundError
 */
export async function recordTuning(
  parts: TuningParts,
  target: TuningTarget,
  { run, failed = false }: { readonly run?: string | undefined; readonly failed?: boolean },
): Promise<TuningSession> {
  const session = await requireTuning(parts.store, target);
  if (run === undefined && failed)
    return await change(parts, target, (kept) =>
      recordFailure(required(kept, target), `round ${session.rounds.length + 1}, told to have failed`),
    );
  if (run === undefined) return await recordStored(parts, target, { onlyOne: true });
  const key = await findRun(parts.store, run, target.cluster);
  return await recordKey(parts, target, key, failed);
}

export async function stopTuning(parts: TuningParts, target: TuningTarget): Promise<TuningSession> {
  return await change(parts, target, (kept) => stopSession(required(kept, target), 'asked', parts.now()));
}

/** @throws TuningError `TUNING_NOT_STARTED` */
export async function requireTuning(store: Store, target: TuningTarget): Promise<TuningSession> {
  return required(sessionOf(await store.readKept('tuning', idOf(target))), target);
}

/** All sessions, also those that have ended; by tag. */
export async function* findTunings(store: Store): AsyncIterable<TuningSession> {
  for await (const document of store.findKept('tuning', { idPrefix: SESSIONS })) {
    const session = sessionOf(document);
    if (session !== undefined) yield session;
  }
}

/** What the session is told beside the runs. */
export async function contextOf(
  { store, limits, prices, now }: TuningParts,
  target: TuningTarget,
  inputBytes: number,
): Promise<TuningContext> {
  const history = await requireApplication(store, target);
  const model = await manyRunsModel(store, history);
  const isContradicted = contradicts(history.runs, inputBytes);
  const sparkVersion = history.runs[0]?.sparkVersion;
  return {
    now: now(),
    pricePerMs: (configuration) => pricePerMs(configuration, limits.platform, prices),
    isGrantable: (configuration) =>
      !isContradicted(configuration) && faultsOf(configuration, limits, sparkVersion).length === 0,
    ...(model === undefined
      ? {}
      : {
          upperMs: (configuration, bytes, confidence) =>
            model.fitted.predict({ ...configuration, inputBytes: bytes }, 2 * confidence - 1).interval?.high,
        }),
  };
}

async function manyRunsModel(store: Store, history: ApplicationHistory): Promise<LearnedModel | undefined> {
  if (countSettings(history.runs) < SETTINGS_OF_A_MODEL) return undefined;
  return await modelOf(store, history, { minNewRuns: 1 });
}

/** Records runs that were stored since the last that is recorded, oldest first, as long as one is awaited. */
async function recordStored(
  parts: TuningParts,
  target: TuningTarget,
  { onlyOne }: { readonly onlyOne: boolean },
): Promise<TuningSession> {
  let session = await requireTuning(parts.store, target);
  let recorded = 0;
  for (const key of await newKeys(parts.store, target, session)) {
    if (session.pending === undefined) break;
    session = await recordKey(parts, target, key, false);
    recorded += 1;
  }
  if (onlyOne && recorded === 0)
    throw new TuningError(
      session.pending === undefined ? 'TUNING_NOT_PROPOSED' : 'TUNING_NO_NEW_RUN',
      session.pending === undefined
        ? `No run of ${target.tag} is awaited: \`spot tune next ${target.tag}\` proposes one`
        : `No run of ${target.tag} was stored since the last: \`spot collect\` or \`spot crawl\` reads new ones`,
    );
  return session;
}

/** Runs of the application that ended after the start and are not recorded, oldest first. */
async function newKeys(store: Store, { tag, cluster }: TuningTarget, session: TuningSession): Promise<RunKey[]> {
  const found: RunKey[] = [];
  for await (const key of store.findKeys({ tag, cluster })) {
    if (runLabel(key) === session.baseline.run) break;
    if (!isRecorded(session, runLabel(key))) found.push(key);
  }
  return found.reverse();
}

async function recordKey(
  parts: TuningParts,
  target: TuningTarget,
  key: RunKey,
  saidToHaveFailed: boolean,
): Promise<TuningSession> {
  const { store } = parts;
  const aggregate = await store.readAggregate(key);
  if (aggregate !== undefined && aggregate.app_specific_data.tag !== target.tag)
    throw new TuningError(
      'TUNING_OTHER_APPLICATION',
      `${runLabel(key)} is a run of ${aggregate.app_specific_data.tag}, not of ${target.tag}`,
    );
  const run = aggregate === undefined ? undefined : historyRunOf(aggregate);
  const failed = saidToHaveFailed || run === undefined || (await hasFailed(store, key));
  const context = await contextOf(parts, target, run?.inputBytes ?? 0);
  return await change(parts, target, (kept) => {
    const session = required(kept, target);
    return failed ? recordFailure(session, runLabel(key)) : record(session, run, context);
  });
}

/** A run that failed early looks quick: it is no start, and teaches nothing. */
async function withoutFailed(
  store: Store,
  runs: readonly HistoryRun[],
): Promise<{ readonly runs: readonly HistoryRun[]; readonly failed: readonly string[] }> {
  const newest = runs.slice(0, MOST_RUNS);
  const areFailed = await Promise.all(
    newest.map(async ({ run, cluster }) => await hasFailed(store, await findRun(store, run, cluster))),
  );
  return {
    runs: newest.filter((_, i) => areFailed[i] === false),
    failed: newest.flatMap(({ run }, i) => (areFailed[i] === true ? [run] : [])),
  };
}

const SESSIONS = 'session/';

function idOf({ tag, cluster = '' }: TuningTarget): string {
  return `${SESSIONS}${JSON.stringify([tag, cluster])}`;
}

function sessionOf(document: KeptDocument | undefined): TuningSession | undefined {
  const body = document?.body as { readonly version: number } | undefined;
  if (body === undefined || body.version === TUNING_VERSION) return body as TuningSession | undefined;
  throw new TuningError(
    'TUNING_VERSION',
    `The tuning session was kept by another version of Spot (${String(body.version)}): use that one, or another store`,
  );
}

function required(session: TuningSession | undefined, { tag }: TuningTarget): TuningSession {
  if (session !== undefined) return session;
  throw new TuningError('TUNING_NOT_STARTED', `${tag} is not being tuned: \`spot tune start ${tag}\` begins`);
}

/**
 * Reads, changes and keeps a session, as one step: it is one document, and whoever was slower than somebody else begins again with
 * what that one wrote. Killed at any moment, it has happened or it has not.
 */
async function change(
  { store, now }: TuningParts,
  target: TuningTarget,
  to: (session: TuningSession | undefined) => TuningSession,
): Promise<TuningSession> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const before = await store.readKept('tuning', idOf(target));
    const session = sessionOf(before);
    const body = to(session);
    if (body === session) return body;
    const [outcome] = await store.keep([
      { kind: 'tuning', id: idOf(target), revision: (before?.revision ?? 0) + 1, savedAt: now().toISOString(), body },
    ]);
    if (outcome?.status === 'saved') return body;
    if (outcome?.status === 'rejected') throw outcome.error;
  }
  throw new TuningError('TUNING_CONFLICT', `Somebody else keeps changing the tuning of ${target.tag}: try again`, {
    retryable: true,
  });
}

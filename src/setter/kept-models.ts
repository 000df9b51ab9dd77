import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AggregateDocument } from '../documents/documents.ts';
import { documentId, type RunKey } from '../documents/run-key.ts';
import { MODEL_VERSION, type ModelDocument } from '../regression/run-time-model.ts';
import type { LawPrior } from '../regression/scaling-law.ts';
import { taughtBy, type Taught } from '../regression/transfer.ts';
import type { KeptDocument, LedgerEntry, Store } from '../store/store.ts';
import { countSettings, fitHistory, TARGETS, targetOf, type HistoryModel, type Target } from './history-model.ts';
import { historyRunOf, newestFirst, type HistoryRun } from './history-run.ts';
import { validRuns, type Validity } from './validity.ts';

/**
 * The newest so many runs of an application count: older ones are of an older program and an older cluster.
 * A model is condensed to 200 rows anyway.
 */
export const MOST_RUNS = 500;
/** Read one by one up to so many runs that the kept history lacks; more of them are streamed. */
const FEW_RUNS = 20;
/** Details are large: while a person waits, no more of them are read for the fingerprint of the program. */
const DETAILS_WHILE_WAITING = 5;
/** Raised when a kept history would read otherwise. */
const HISTORY_VERSION = 2;

/** A stored run in the kept history; `run` is null where it teaches nothing. */
interface HistoryEntry {
  readonly id: string;
  readonly revision: number;
  readonly run: HistoryRun | null;
}

interface KeptHistory {
  readonly version: number;
  readonly tag: string;
  readonly runs: readonly HistoryEntry[];
}

interface KeptModel {
  readonly version: number;
  readonly tag: string;
  readonly target: Target;
  /** Of the runs it was fitted on, see {@link hashOfRuns}. */
  readonly fittedOn: string;
  readonly runs: number;
  readonly model: ModelDocument;
}

/** An application as similar ones are found by: small, so that thousands are read at once. */
export interface KeptProfile {
  readonly tag: string;
  /** The newest few. */
  readonly runs: readonly HistoryRun[];
  /** What its run-time model taught about scaling; absent when it has too few settings to teach. */
  readonly taught?: Taught | undefined;
}

/** What is stored of one application, read narrowly. */
export interface ApplicationHistory {
  readonly tag: string;
  /** All that teach something, newest first. */
  readonly all: readonly HistoryRun[];
  /** Those to learn from. */
  readonly runs: readonly HistoryRun[];
  readonly validity: Validity;
  readonly entries: readonly HistoryEntry[];
}

/** A model and how it came about. */
export interface LearnedModel {
  readonly fitted: HistoryModel;
  readonly source: 'stored' | 'fitted now';
  /** Newer runs that a stored model does not know yet. */
  readonly runsSinceFit: number;
  readonly savedAt?: string;
}

const historyId = (tag: string): string => `history/${tag}`;
const profileId = (tag: string): string => `profile/${tag}`;
const modelId = (target: Target, tag: string): string => `${target}/${tag}`;
const PROFILES = 'profile/';

/**
 * The runs of an application, from its kept history where that is up to date: then no document of a run is read.
 *
 * @param cluster - only runs of it; all clusters without
 * @param isWaitedFor - a person waits: few details are read, so fingerprints of runs that are not in the kept history may lack plans
 */
export async function readApplication(
  store: Store,
  { tag, cluster, isWaitedFor = true }: { tag: string; cluster?: string | undefined; isWaitedFor?: boolean },
): Promise<ApplicationHistory> {
  const kept = bodyOf<KeptHistory>(await store.readKept('model', historyId(tag)), HISTORY_VERSION);
  const known = new Map(kept?.runs.map((entry) => [entry.id, entry]));
  const entries: HistoryEntry[] = [];
  const missing: (RunKey & LedgerEntry)[] = [];
  for await (const key of store.findKeys({ tag, cluster }, { limit: MOST_RUNS })) {
    const entry = known.get(documentId(key));
    if (entry?.revision === key.revision) entries.push(entry);
    else missing.push(key);
  }
  entries.push(...(await readEntries(store, { tag, cluster }, missing, isWaitedFor)));
  const all = newestFirst(entries.flatMap(({ run }) => run ?? []));
  return { tag, all, ...validRuns(all), entries };
}

/** The model of a target: the stored one while it is good enough, else fitted now. */
export async function modelOf(
  store: Store,
  { tag, runs }: Pick<ApplicationHistory, 'tag' | 'runs'>,
  {
    target = 'durationMs',
    minNewRuns,
    prior,
  }: { target?: Target; minNewRuns: number; prior?: () => Promise<LawPrior | undefined> },
): Promise<LearnedModel | undefined> {
  const measured = runs.filter((run) => targetOf(run, target) !== undefined);
  if (measured.length === 0) return undefined;
  const document = await store.readKept('model', modelId(target, tag));
  const kept = bodyOf<KeptModel>(document, MODEL_VERSION);
  if (document !== undefined && kept !== undefined) {
    const behind = runsBehind(kept, measured, minNewRuns);
    if (behind !== undefined) {
      const fitted = restored(measured.slice(behind), target, kept.model);
      if (fitted !== undefined) return { fitted, source: 'stored', runsSinceFit: behind, savedAt: document.savedAt };
    }
  }
  const taught = await prior?.();
  const fitted = fitHistory(measured, { target, ...(taught === undefined ? {} : { prior: taught }) });
  return { fitted, source: 'fitted now', runsSinceFit: 0 };
}

/** Whether the run-time model of an application lacks so many runs that it is to be fitted again. */
export async function isModelDue(
  store: Store,
  { tag, runs }: Pick<ApplicationHistory, 'tag' | 'runs'>,
  minNewRuns: number,
): Promise<boolean> {
  if (runs.length === 0) return false;
  const kept = bodyOf<KeptModel>(await store.readKept('model', modelId('durationMs', tag)), MODEL_VERSION);
  return kept === undefined || runsBehind(kept, runs, minNewRuns) === undefined;
}

/** Of how many new runs a model need not know: a tenth of those it knows, so that a young one is fitted anew with each. */
export function toleratedRuns(known: number, minNewRuns: number): number {
  return Math.max(0, Math.min(minNewRuns, Math.ceil(known / 10)) - 1);
}

/**
 * Fits every target and keeps models, history and profile, so that the next answer needs no fit.
 *
 * @throws StoreError when the store does not take them; the signal's reason between two fits
 */
export async function learnApplication(
  store: Store,
  history: ApplicationHistory,
  { now, prior, signal }: { now: Date; prior?: LawPrior | undefined; signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<Target, HistoryModel>> {
  const { tag, runs, all, entries } = history;
  const models = new Map<Target, HistoryModel>();
  for (const target of TARGETS) {
    // Fewer settings give no interval, and are fitted in no time when somebody asks.
    if (countSettings(runs) < LEAST_SETTINGS_TO_KEEP) break;
    // A fit is up to a second: others get their turn in between.
    await nextTurn();
    signal?.throwIfAborted();
    const measured = runs.filter((run) => targetOf(run, target) !== undefined);
    const values = new Set(measured.map((run) => targetOf(run, target)));
    // What never varies needs no model: no run spilled, or nobody measured.
    if (measured.length === 0 || (values.size === 1 && target !== 'durationMs')) continue;
    models.set(
      target,
      fitHistory(measured, { target, ...(prior === undefined || target !== 'durationMs' ? {} : { prior }) }),
    );
  }
  const bodies: [id: string, body: unknown][] = [
    ...[...models].map(([target, { model }]): [string, KeptModel] => {
      const measured = runs.filter((run) => targetOf(run, target) !== undefined);
      return [
        modelId(target, tag),
        {
          version: MODEL_VERSION,
          tag,
          target,
          fittedOn: hashOfRuns(measured),
          runs: measured.length,
          model: model.document,
        },
      ];
    }),
    [historyId(tag), { version: HISTORY_VERSION, tag, runs: entries } satisfies KeptHistory],
    [profileId(tag), profileToKeep(tag, all, taughtOf(models.get('durationMs')))],
  ];
  const documents: KeptDocument[] = [];
  for (const [id, body] of bodies) {
    const before = await store.readKept('model', id);
    documents.push({ kind: 'model', id, revision: (before?.revision ?? 0) + 1, savedAt: now.toISOString(), body });
  }
  const outcomes = await store.keep(documents);
  // Superseded is as good: somebody else has just kept the same application.
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.error;
  await store.forget(
    'model',
    TARGETS.filter((target) => !models.has(target)).map((target) => modelId(target, tag)),
  );
  return models;
}

const LEAST_SETTINGS_TO_KEEP = 3;
/** A model of fewer has learnt little beyond the usual prior. */
const LEAST_SETTINGS_TO_TEACH = 5;
const PROFILE_RUNS = 3;
/** Beyond so many applications, those whose tag comes first in the alphabet have to do. */
const MOST_PROFILES = 2000;

/** An application as similar ones find it: of its newest runs what they are told by, and what they took. */
export function profileToKeep(tag: string, runs: readonly HistoryRun[], taught?: Taught): KeptProfile {
  const newest = runs.slice(0, PROFILE_RUNS);
  // Hundreds of profiles are read for one answer, and nothing of it looks at these.
  const rest = { parameters: undefined, evidence: undefined, program: undefined };
  return { tag, runs: newest.map((run) => ({ ...run, ...rest })), taught };
}

/** The applications whose models are kept. */
export async function readProfiles(store: Store): Promise<readonly KeptProfile[]> {
  const profiles: KeptProfile[] = [];
  for await (const { body } of store.findKept('model', { idPrefix: PROFILES, limit: MOST_PROFILES }))
    profiles.push(body as KeptProfile);
  return profiles;
}

function taughtOf(fitted: HistoryModel | undefined): Taught | undefined {
  return fitted === undefined || fitted.distinctSettings < LEAST_SETTINGS_TO_TEACH
    ? undefined
    : taughtBy(fitted.model.document);
}

/** How many of the newest runs a stored model does not know; `undefined` when it is not to be used. */
function runsBehind(kept: KeptModel, runs: readonly HistoryRun[], minNewRuns: number): number | undefined {
  for (let behind = 0; behind <= toleratedRuns(kept.runs, minNewRuns); behind += 1) {
    // The oldest runs fall out at the other end.
    if (hashOfRuns(runs.slice(behind, behind + kept.runs)) === kept.fittedOn) return behind;
  }
  return undefined;
}

function restored(runs: readonly HistoryRun[], target: Target, stored: ModelDocument): HistoryModel | undefined {
  try {
    return fitHistory(runs, { target, stored });
  } catch {
    // A model of another version of Spot, or of other features: fitting again is always possible.
    return undefined;
  }
}

/** SHA-256 over everything of the runs that a model learns from; their order changes nothing. */
export function hashOfRuns(runs: readonly HistoryRun[]): string {
  const texts = runs.map((run) => JSON.stringify({ ...run, program: undefined, evidence: undefined })).sort();
  return createHash('sha256').update(texts.join('\n')).digest('hex');
}

async function readEntries(
  store: Store,
  filter: { tag: string; cluster?: string | undefined },
  missing: readonly (RunKey & LedgerEntry)[],
  isWaitedFor: boolean,
): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  const add = async (aggregate: AggregateDocument): Promise<void> => {
    const { attemptId } = aggregate.attempt;
    const key: RunKey = {
      cluster: aggregate.spot.cluster,
      appId: aggregate.id,
      ...(attemptId === undefined ? {} : { attemptId }),
    };
    const hasDetail = !isWaitedFor || entries.length < DETAILS_WHILE_WAITING;
    const run = historyRunOf(aggregate, hasDetail ? await store.readDetail(key) : undefined) ?? null;
    entries.push({ id: documentId(key), revision: aggregate.spot.revision, run });
  };
  if (missing.length <= FEW_RUNS) {
    for (const key of missing) {
      const aggregate = await store.readAggregate(key);
      if (aggregate !== undefined) await add(aggregate);
    }
    return entries;
  }
  const wanted = new Set(missing.map(documentId));
  for await (const aggregate of store.findAggregates(filter, { limit: MOST_RUNS })) {
    const { attemptId } = aggregate.attempt;
    if (
      wanted.has(
        documentId({
          cluster: aggregate.spot.cluster,
          appId: aggregate.id,
          ...(attemptId === undefined ? {} : { attemptId }),
        }),
      )
    )
      await add(aggregate);
  }
  return entries;
}

/** What was kept, unless another version of Spot did. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what is kept under an id has the shape that only its caller knows
function bodyOf<T extends { readonly version: number }>(
  document: KeptDocument | undefined,
  version: number,
): T | undefined {
  const body = document?.body as T | undefined;
  return body?.version === version ? body : undefined;
}

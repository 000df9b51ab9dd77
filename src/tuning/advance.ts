import { normalCdf } from '../regression/distributions.ts';
import type { Configuration, HistoryRun } from '../setter/history-run.ts';
import { candidatesAround } from './candidates.ts';
import { fitStepLaw, type StepLaw } from './step-law.ts';
import {
  isSameConfiguration,
  trialOf,
  trialsOf,
  TUNING_VERSION,
  TuningError,
  type Proposal,
  type Round,
  type StopReason,
  type Trial,
  type TuningSession,
  type TuningSettings,
  type Verdict,
} from './session.ts';

/** So many rounds that failed or were slower end a session. */
const MOST_SETBACKS = 2;

/** What a session is told beside the runs. */
export interface TuningContext {
  /** What a configuration costs per millisecond. */
  pricePerMs(configuration: Configuration): number;
  /** Whether the cluster would grant it. */
  isGrantable(configuration: Configuration): boolean;
  /** A further opinion: milliseconds not exceeded with that probability, where a model of many runs can tell. */
  upperMs?(configuration: Configuration, inputBytes: number, confidence: number): number | undefined;
  readonly now: Date;
}

export interface StartOptions {
  readonly tag: string;
  readonly cluster?: string | undefined;
  readonly settings: TuningSettings;
  /** Runs of the application, newest first, at least one: the newest is the start. */
  readonly runs: readonly HistoryRun[];
  /** Runs that are to be no part of it. */
  readonly ignored?: readonly string[];
  readonly now: Date;
}

/** @throws TuningError `TUNING_NO_START` without a run to start from */
export function startSession({ tag, cluster, settings, runs, ignored = [], now }: StartOptions): TuningSession {
  const [newest, ...older] = runs;
  if (newest === undefined)
    throw new TuningError(
      'TUNING_NO_START',
      `No finished run of ${tag} is stored: run it once as it is, and collect it`,
    );
  return {
    version: TUNING_VERSION,
    tag,
    cluster,
    startedAt: now.toISOString(),
    settings,
    baseline: trialOf(newest),
    history: older.map(trialOf),
    ignored,
    rounds: [],
    others: [],
  };
}

/**
 * The session with the next configuration to run in `pending`, or stopped.
 *
 * A proposal stays until its run is recorded: asking again changes nothing.
 *
 * @param inputBytes - of the next run; as the newest run when absent
 */
export function propose(session: TuningSession, context: TuningContext, inputBytes?: number): TuningSession {
  if (session.stopped !== undefined || session.pending !== undefined) return session;
  const { rounds, settings } = session;
  const setbacks = rounds.filter(isSetback).length;
  const last = rounds.at(-1);
  if (setbacks >= MOST_SETBACKS) return stopSession(session, 'setbacks', context.now);
  if (rounds.length >= settings.maxRounds) return stopSession(session, 'rounds', context.now);

  const size = inputBytes ?? newestTrial(session).inputBytes;
  const view = viewOf(session, size, context);
  if (last !== undefined && isSetback(last)) return { ...session, pending: view.proposal('return', view.best) };
  const candidates = candidatesAround(view.best, session)
    .filter((candidate) => context.isGrantable(candidate))
    .map((candidate) => view.proposal('try', candidate))
    .filter((proposal) => view.isSafe(proposal))
    .sort((a, b) => b.expectedGain - a.expectedGain || allocated(a) - allocated(b));
  const chosen = candidates.find(
    ({ expectedGain, configuration, baselineMs }) =>
      expectedGain < settings.leastGain ||
      (context.upperMs?.(configuration, size, settings.confidence) ?? 0) <= (1 + settings.tolerance) * baselineMs,
  );
  if (chosen === undefined) return stopSession(session, 'no-candidate', context.now);
  if (chosen.expectedGain < settings.leastGain) return stopSession(session, 'gain', context.now);
  return { ...session, pending: chosen };
}

/**
 * The session after a run that was proposed, or any other of the application. Recording a run twice changes nothing.
 *
 * @throws TuningError `TUNING_NOT_PROPOSED` when no run is awaited
 */
export function record(session: TuningSession, run: HistoryRun, context: TuningContext): TuningSession {
  if (isRecorded(session, run.run)) return session;
  const trial = trialOf(run);
  const { pending } = session;
  if (pending === undefined) throw notAwaited(session);
  if (!isRunOf(pending.configuration, trial.configuration)) return { ...session, others: [...session.others, trial] };
  // Judged with what was known before it: the law of the proposal is the law of the verdict.
  const view = viewOf(session, trial.inputBytes, context);
  const verdict = view.verdict(trial);
  return { ...session, pending: undefined, rounds: [...session.rounds, { ...pending, trial, verdict }] };
}

/**
 * The session after a run that failed with the proposed configuration.
 *
 * @throws TuningError `TUNING_NOT_PROPOSED`
 */
export function recordFailure(session: TuningSession, run: string): TuningSession {
  if (isRecorded(session, run)) return session;
  const { pending } = session;
  if (pending === undefined) throw notAwaited(session);
  return {
    ...session,
    pending: undefined,
    rounds: [...session.rounds, { ...pending, trial: { run }, verdict: 'failed' }],
  };
}

export function stopSession(session: TuningSession, reason: StopReason, now: Date): TuningSession {
  if (session.stopped !== undefined) return session;
  return { ...session, pending: undefined, stopped: { at: now.toISOString(), reason } };
}

export function isRecorded({ baseline, history, ignored, rounds, others }: TuningSession, run: string): boolean {
  const trials = [baseline, ...history, ...others, ...rounds.map(({ trial }) => trial)];
  return ignored.includes(run) || trials.some((each) => each.run === run);
}

/** Where a session stands, on an input of the given size (as the newest run when absent). */
export function standing(
  session: TuningSession,
  context: TuningContext,
  inputBytes = newestTrial(session).inputBytes,
): { readonly best: Configuration; readonly bestMs: number; readonly baselineMs: number; readonly saved: number } {
  const { best, bestMs, baselineMs, saved } = viewOf(session, inputBytes, context);
  return { best, bestMs, baselineMs, saved };
}

function viewOf(session: TuningSession, inputBytes: number, context: TuningContext) {
  const { settings, baseline } = session;
  const law = fitStepLaw(trialsOf(session), baseline);
  const score = (configuration: Configuration, ms: number): number =>
    settings.objective === 'time' ? ms : ms * context.pricePerMs(configuration);
  const tried = meansByConfiguration(session, law, inputBytes);
  const baselineMs = tried.find(({ configuration }) => isSameConfiguration(configuration, baseline.configuration))?.ms;
  if (baselineMs === undefined) throw new RangeError('a session has its baseline');
  const baselineScore = score(baseline.configuration, baselineMs);
  const limit = 1 + settings.tolerance;
  const fair = tried.filter(({ ms }) => ms <= limit * baselineMs);
  const first = { configuration: baseline.configuration, ms: baselineMs };
  const best = fair.reduce((a, b) => (score(b.configuration, b.ms) < score(a.configuration, a.ms) ? b : a), first);
  const bestScore = score(best.configuration, best.ms);

  return {
    best: best.configuration,
    bestMs: best.ms,
    baselineMs,
    /** Share of the objective that the best saves against the start. */
    saved: 1 - bestScore / baselineScore,
    proposal(kind: Proposal['kind'], configuration: Configuration): Proposal {
      const predicted = law.predict({ configuration, inputBytes });
      const price = score(configuration, 1);
      return {
        round: session.rounds.length + 1,
        kind,
        proposedAt: context.now.toISOString(),
        configuration,
        inputBytes,
        expectedMs: Math.round(Math.exp(predicted.logMs)),
        upperMs: Math.round(predicted.upperMs(settings.confidence)),
        baselineMs: Math.round(baselineMs),
        expectedGain: expectedImprovement(bestScore, predicted.logMs + Math.log(price), predicted.logSd),
      };
    },
    isSafe({ configuration, upperMs }: Proposal): boolean {
      if (upperMs > limit * baselineMs) return false;
      return settings.objective === 'time' || score(configuration, upperMs) <= limit * baselineScore;
    },
    verdict({ configuration, durationMs }: Trial): Verdict {
      if (durationMs > limit * baselineMs) return 'slower';
      return score(configuration, durationMs) < bestScore ? 'better' : 'kept';
    },
  };
}

/** What each configuration of the session takes on this input: the geometric mean of its runs. History is no part of it. */
function meansByConfiguration(
  session: TuningSession,
  law: StepLaw,
  inputBytes: number,
): { readonly configuration: Configuration; readonly ms: number }[] {
  const inSession = trialsOf({ ...session, history: [] });
  const asStart = session.history.filter(({ configuration }) =>
    isSameConfiguration(configuration, session.baseline.configuration),
  );
  const key = ({ configuration: c }: Trial): string =>
    [c.executors, c.coresPerExecutor, c.memoryMib, c.shufflePartitions].join(' ');
  return [...Map.groupBy([...inSession, ...asStart], key).values()].flatMap((trials) => {
    const [first] = trials;
    if (first === undefined) return [];
    const logs = trials.map((trial) => Math.log(law.onInput(trial, inputBytes)));
    const ms = Math.exp(logs.reduce((sum, each) => sum + each, 0) / logs.length);
    return [{ configuration: first.configuration, ms }];
  });
}

/** By how much a lognormal value is expected to fall below `best`, as a share of it. */
export function expectedImprovement(best: number, logMean: number, logSd: number): number {
  const distance = Math.log(best) - logMean;
  if (logSd <= 0) return Math.max(0, 1 - Math.exp(-distance));
  const d = distance / logSd;
  return normalCdf(d) - Math.exp(-distance + logSd ** 2 / 2) * normalCdf(d - logSd);
}

/** The cluster may grant fewer executors than were asked for; all else is as proposed. */
function isRunOf(proposed: Configuration, actual: Configuration): boolean {
  return (
    actual.executors <= proposed.executors &&
    isSameConfiguration({ ...actual, executors: proposed.executors }, proposed)
  );
}

function isSetback({ verdict }: Round): boolean {
  return verdict === 'failed' || verdict === 'slower';
}

function newestTrial(session: TuningSession): Trial {
  return trialsOf({ ...session, history: [] }).reduce((a, b) => (b.endTime > a.endTime ? b : a));
}

function allocated({ configuration: { executors, coresPerExecutor, memoryMib, shufflePartitions } }: Proposal): number {
  return executors * coresPerExecutor + (executors * memoryMib) / 1e6 + shufflePartitions / 1e9;
}

function notAwaited({ tag, stopped }: TuningSession): TuningError {
  return new TuningError(
    'TUNING_NOT_PROPOSED',
    stopped === undefined
      ? `No run of ${tag} is awaited: \`spot tune next ${tag}\` proposes one`
      : `Tuning of ${tag} has ended: start it again to record further runs`,
  );
}

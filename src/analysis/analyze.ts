import { savingsOf, type Savings } from '../simulation/savings.ts';
import { lengthOf, union } from './computed/intervals.ts';
import type { Finding, FindingSavings, HeuristicError, NotMeasurable, Range } from './finding.ts';
import { NotMeasurableHere, type Heuristic, type Observation, type Thresholds } from './heuristic.ts';
import { HEURISTICS } from './heuristics/index.ts';
import type { InputName, Inputs, RunFacts, RunSpan } from './inputs.ts';
import { compareSeverity, milder, severityOf, type Scale, type Severity } from './severity.ts';

export interface Analysis {
  /** Worst first; among equals what saves most first. */
  readonly findings: readonly Finding[];
  readonly notMeasurable: readonly NotMeasurable[];
  readonly errors: readonly HeuristicError[];
  readonly durationMs: number;
  /** What all fixes save together; overlaps count once, and never more than the critical path allows. */
  readonly total: { readonly timeMs: Range; readonly coreMs: Range };
}

export interface AnalyzeOptions {
  readonly heuristics?: readonly Heuristic[] | undefined;
  /** By heuristic id and threshold name, in place of the built-in ones. */
  readonly thresholds?: Readonly<Record<string, Thresholds>> | undefined;
}

/**
 * Below this a saving is noise: a repeated run differs by more. Share of the run's time, and milliseconds.
 *
 * Repeats of one size differed by 3 % in the median (docs/simulation.md), so one percent is nobody's saving.
 */
export const FLOOR = { share: 0.01, ms: 250, coreShare: 0.05 } as const;

/** What could be won, as a share of the run's time (or of its core time), allows at most this severity. */
export const WORTH: Scale = { low: 0.01, moderate: 0.05, severe: 0.15, critical: 0.3, unit: 'ratio' };
export const CORES_WORTH: Scale = { low: 0.1, moderate: 0.3, severe: 0.5, critical: 0.8, unit: 'ratio' };

interface Seen {
  readonly heuristic: Heuristic;
  readonly observation: Observation;
  readonly key: string;
}

/** Asks every heuristic about one run. A heuristic that throws is an error of its own; the others still answer. */
export function analyze(facts: RunFacts, options: AnalyzeOptions = {}): Analysis {
  const { heuristics = HEURISTICS, thresholds = {} } = options;
  const seen: Seen[] = [];
  const notMeasurable: NotMeasurable[] = [];
  const errors: HeuristicError[] = [];
  for (const heuristic of heuristics) {
    const missing = heuristic.inputs.flatMap((name) => becauseOf(facts, name));
    if (missing.length > 0) {
      notMeasurable.push({ id: heuristic.id, because: [...new Set(missing)].join('; ') });
      continue;
    }
    try {
      const scales = { ...heuristic.thresholds, ...thresholds[heuristic.id] };
      for (const observation of heuristic.evaluate(valuesOf(facts, heuristic), scales)) {
        if (observation.severity === 'none') continue;
        seen.push({ heuristic, observation, key: String(seen.length) });
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof NotMeasurableHere) notMeasurable.push({ id: heuristic.id, because: message });
      else errors.push({ id: heuristic.id, message });
    }
  }
  return { ...weighed(facts, seen), notMeasurable, errors };
}

function weighed(facts: RunFacts, seen: readonly Seen[]): Pick<Analysis, 'findings' | 'total' | 'durationMs'> {
  const run = 'value' in facts.run ? facts.run.value : undefined;
  const executors = 'value' in facts.executors ? facts.executors.value : [];
  const durationMs = run?.durationMs ?? 0;
  const allocatedCoreMs = executors.reduce(
    (sum, { cores, added, removed }) => sum + cores * Math.max(0, Math.min(removed ?? durationMs, durationMs) - added),
    0,
  );
  // Only what is worth a word is replayed together: what falls below the floor alone must not change the others.
  const alone = simulatedOf(facts, seen, 0);
  const first = seen.filter((one) => isWorthAWord(one, savedBy(one, alone, run), run, allocatedCoreMs));
  const simulated = simulatedOf(facts, first, mostShapley(facts));
  const findings = first
    .flatMap((one, order) => {
      const savings = savedBy(one, simulated, run);
      const severity = milder(one.observation.severity, mostSevere(one, savings, run, allocatedCoreMs));
      if (severity === 'none') return [];
      const { subject, facts: evidence, fix, isOutcome = false } = one.observation;
      const { id, failureTitle } = one.heuristic;
      return [
        { order, isOutcome, finding: { id, title: failureTitle, severity, subject, facts: evidence, savings, fix } },
      ];
    })
    .sort(
      (a, b) =>
        compareSeverity(b.finding.severity, a.finding.severity) ||
        Number(b.isOutcome) - Number(a.isOutcome) ||
        worth(b.finding) - worth(a.finding) ||
        a.order - b.order,
    )
    .map(({ finding }) => finding);
  const bounds = { durationMs, estimatedMs: workedMs(facts, durationMs), allocatedCoreMs };
  return { findings, durationMs, total: totalOf(findings, simulated, bounds) };
}

/** How long some job or query was going on: outside of that nothing happened that an estimate could shorten. */
function workedMs(facts: RunFacts, durationMs: number): number {
  const jobs = 'value' in facts.jobs ? facts.jobs.value : [];
  const sql = 'value' in facts.sql ? facts.sql.value : [];
  const spans = [...jobs, ...sql].map(({ submitted, ended }) => ({ from: submitted, to: ended ?? durationMs }));
  return spans.length === 0 ? durationMs : Math.min(durationMs, lengthOf(union(spans)));
}

/** Time counts before cores; of a range the middle. */
function worth({ savings: { timeMs, coreMs } }: Finding): number {
  return timeMs.low + timeMs.high + (timeMs.high === 0 ? (coreMs.low + coreMs.high) / 1e6 : 0);
}

/** Replaying a large run again and again is dear; up to three remedies take eight replays. */
function mostShapley(facts: RunFacts): number {
  const tasks =
    'value' in facts.model ? facts.model.value.stages.reduce((sum, { runTimes }) => sum + runTimes.length, 0) : 0;
  return tasks > LARGE_RUN_TASKS ? 3 : 6;
}
const LARGE_RUN_TASKS = 20_000;

function simulatedOf(facts: RunFacts, seen: readonly Seen[], shapleyUpTo: number): Savings | undefined {
  if ('because' in facts.model) return undefined;
  const remedies = seen.flatMap(({ key, observation: { gain } }) =>
    gain.kind === 'time' && gain.remedy !== undefined ? [gain.remedy(key)] : [],
  );
  return remedies.length === 0 ? undefined : savingsOf(facts.model.value, remedies, shapleyUpTo);
}

const NOTHING: Range = { low: 0, high: 0 };

function savedBy(
  { key, observation: { gain } }: Seen,
  simulated: Savings | undefined,
  run: RunSpan | undefined,
): FindingSavings {
  if (gain.kind === 'none') return { basis: 'none', timeMs: NOTHING, coreMs: NOTHING };
  if (gain.kind === 'cores') return { basis: 'estimated', timeMs: NOTHING, coreMs: gain.coreMs };
  const slots = run?.slots ?? 0;
  const found = simulated?.savings.find(({ id }) => id === key);
  if (found === undefined) {
    const most = run?.durationMs ?? Infinity;
    const timeMs = { low: Math.min(gain.claimMs.low, most), high: Math.min(gain.claimMs.high, most) };
    return { basis: 'estimated', timeMs, coreMs: { low: timeMs.low * slots, high: timeMs.high * slots } };
  }
  const cores = found.shareMs > 0 ? found.coreMs / found.shareMs : slots;
  return {
    basis: 'simulated',
    timeMs: { low: found.lowMs, high: found.highMs },
    coreMs: { low: found.lowMs * cores, high: found.highMs * cores },
    shareMs: found.shareMs,
  };
}

function isWorthAWord(
  { observation: { gain } }: Seen,
  { timeMs, coreMs }: FindingSavings,
  run: RunSpan | undefined,
  allocatedCoreMs: number,
): boolean {
  if (gain.kind === 'none' || (gain.kind === 'time' && gain.isFailure === true)) return true;
  if (gain.kind === 'cores') return coreMs.high >= FLOOR.coreShare * allocatedCoreMs;
  return timeMs.high >= Math.max(FLOOR.ms, FLOOR.share * (run?.durationMs ?? 0));
}

function mostSevere(
  { observation: { gain } }: Seen,
  { timeMs, coreMs }: FindingSavings,
  run: RunSpan | undefined,
  allocatedCoreMs: number,
): Severity {
  if (gain.kind === 'none' || (gain.kind === 'time' && gain.isFailure === true)) return 'critical';
  const severity =
    gain.kind === 'cores'
      ? severityOf(middle(coreMs) / Math.max(1, allocatedCoreMs), CORES_WORTH)
      : severityOf(middle(timeMs) / Math.max(1, run?.durationMs ?? 0), WORTH);
  return severity === 'none' ? 'low' : severity;
}

function middle({ low, high }: Range): number {
  return (low + high) / 2;
}

interface TotalBounds {
  readonly durationMs: number;
  /** The most that all estimates together may save. */
  readonly estimatedMs: number;
  readonly allocatedCoreMs: number;
}

function totalOf(
  findings: readonly Finding[],
  simulated: Savings | undefined,
  { durationMs, estimatedMs, allocatedCoreMs }: TotalBounds,
): Analysis['total'] {
  const ofBasis = (basis: FindingSavings['basis']) => findings.filter(({ savings }) => savings.basis === basis);
  // The replayed part is bounded by the critical path already; an estimate may shorten that path itself.
  const replayedMs = ofBasis('simulated').length === 0 ? 0 : (simulated?.totalMs ?? 0);
  const estimates = ofBasis('estimated');
  const most = Math.min(durationMs, replayedMs + estimatedMs);
  // What was only estimated may overlap with all else, so of it the largest counts for sure and their sum at most.
  const high = sumOf(estimates, ({ timeMs }) => timeMs.high) + replayedMs;
  const low = Math.max(0, ...findings.map(({ savings }) => savings.timeMs.low));
  const coreHigh = sumOf(estimates, ({ coreMs }) => coreMs.high) + (simulated?.totalCoreMs ?? 0);
  const coreLow = Math.max(0, ...findings.map(({ savings }) => savings.coreMs.low));
  const timeMs = { low: Math.min(low, high, most), high: Math.min(high, most) };
  return { timeMs, coreMs: { low: Math.min(coreLow, allocatedCoreMs), high: Math.min(coreHigh, allocatedCoreMs) } };
}

function sumOf(findings: readonly Finding[], of: (savings: FindingSavings) => number): number {
  return findings.reduce((sum, { savings }) => sum + of(savings), 0);
}

function becauseOf(facts: RunFacts, name: InputName): string[] {
  const input = facts[name];
  return 'because' in input ? [input.because] : [];
}

function valuesOf(facts: RunFacts, { inputs, alsoUses = [] }: Heuristic): Inputs {
  const entries = [...inputs, ...alsoUses].flatMap((name) => {
    const input = facts[name];
    return 'value' in input ? [[name, input.value] as const] : [];
  });
  // Each heuristic reads only what it names, and all of that is there.
  return Object.fromEntries(entries) as unknown as Inputs;
}

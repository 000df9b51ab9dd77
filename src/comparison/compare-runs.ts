import { runLabel } from '../documents/run-key.ts';
import type { Matching } from './match.ts';
import { attribute, CAUSES, unexplained, type Cause } from './attribute.ts';
import { comparedRun, type ComparedRun, type Knowledge, type StoredRun } from './compared-run.ts';
import {
  dataLayer,
  environmentLayer,
  executorLayer,
  propertyLayer,
  type MeasureChange,
  type PropertyChange,
} from './layers.ts';
import { matchStages } from './match-stages.ts';
import { clockOf, clockOfAggregates, type RunClock, type TimedStage } from './run-clock.ts';
import { matchQueries, sqlLayer, type SqlLayer } from './sql-layer.ts';
import { evidenceFor } from './evidence.ts';
import { stageRows, type StageRow } from './stage-rows.ts';

export interface RunSummary {
  readonly run: string;
  readonly cluster: string;
  readonly name: string;
  readonly durationMs: number;
  readonly completed: boolean;
  readonly knowledge: Knowledge;
}

/** A cause of the difference, with how much of it is its own. */
export interface CausePart {
  readonly id: Cause;
  readonly title: string;
  /** Positive: the second run is slower for it. All parts add up to `changeMs`. */
  readonly changeMs: number;
  /** Differences of other layers that go with it, as text: `spark.executor.cores 4 → 2`. */
  readonly evidence: readonly string[];
}

export interface Comparison {
  readonly before: RunSummary;
  readonly after: RunSummary;
  readonly changeMs: number;
  /** after / before; null where the first took no time. */
  readonly ratio: number | null;
  /** Largest first; parts of nothing are left out. */
  readonly causes: readonly CausePart[];
  readonly properties: readonly PropertyChange[];
  readonly environment: readonly PropertyChange[];
  readonly data: readonly MeasureChange[];
  readonly executors: readonly MeasureChange[];
  /** Absent where a plan is not known of both. */
  readonly sql?: SqlLayer | undefined;
  /** Largest change first; absent where stages are not known of both. */
  readonly stages?: readonly StageRow[] | undefined;
  /** What could not be compared, and why; what makes the comparison doubtful. */
  readonly notes: readonly string[];
}

/** Two runs layer by layer, and what of the difference in time comes from which. */
export function compareRuns(storedBefore: StoredRun, storedAfter: StoredRun): Comparison {
  const [before, after] = [comparedRun(storedBefore), comparedRun(storedAfter)];
  const layers = {
    properties: propertyLayer(before, after),
    environment: environmentLayer(before, after),
    data: dataLayer(before, after),
    executors: executorLayer(before, after),
  };
  const queries =
    before.knowledge === 'event-log' && after.knowledge === 'event-log' && before.detail && after.detail
      ? matchQueries(before.detail, after.detail)
      : undefined;
  const sql = queries && sqlLayer(queries);
  const clocks = clocksOf(before, after);
  const changeMs = after.durationMs - before.durationMs;
  const matching = clocks && timedMatching(before, after, clocks, queries ?? NO_QUERIES);
  const { parts, stages } =
    clocks === undefined || matching === undefined ? unexplained(changeMs) : attribute(...clocks, matching);
  const rows = before.detail && after.detail && matching ? stageRows(stages, matching) : undefined;
  const causes = (Object.keys(CAUSES) as Cause[])
    .filter((id) => parts[id] !== 0)
    .toSorted((a, b) => Math.abs(parts[b]) - Math.abs(parts[a]))
    .map((id) => ({
      id,
      title: CAUSES[id],
      changeMs: parts[id],
      evidence: evidenceFor(id, parts[id], { ...layers, sql, rows }),
    }));
  return {
    before: summaryOf(before),
    after: summaryOf(after),
    changeMs,
    ratio: before.durationMs > 0 ? after.durationMs / before.durationMs : null,
    causes,
    ...layers,
    sql,
    stages: rows,
    notes: notesOf(before, after),
  };
}

const NO_QUERIES = { pairs: [], onlyBefore: [], onlyAfter: [] };

/** Of both in the same way: sums over all stages where one of them has no more. */
function clocksOf(before: ComparedRun, after: ComparedRun): readonly [RunClock, RunClock] | undefined {
  if (before.detail !== undefined && after.detail !== undefined)
    return [clockOf(before, before.detail), clockOf(after, after.detail)];
  const [a, b] = [clockOfAggregates(before), clockOfAggregates(after)];
  return a === undefined || b === undefined ? undefined : [a, b];
}

function timedMatching(
  before: ComparedRun,
  after: ComparedRun,
  [clockBefore, clockAfter]: readonly [RunClock, RunClock],
  queries: Parameters<typeof matchStages>[2],
): Matching<TimedStage> {
  if (before.detail === undefined || after.detail === undefined)
    return {
      pairs: clockBefore.stages.flatMap((stage, i) => {
        const other = clockAfter.stages[i];
        return other === undefined ? [] : [[stage, other] as const];
      }),
      onlyBefore: [],
      onlyAfter: [],
    };
  const matched = matchStages(before.detail, after.detail, queries);
  const timedBefore = new Map(clockBefore.stages.map((timed) => [timed.stage, timed]));
  const timedAfter = new Map(clockAfter.stages.map((timed) => [timed.stage, timed]));
  const pairs = matched.pairs.flatMap(([a, b]) => {
    const pair = [timedBefore.get(a), timedAfter.get(b)] as const;
    return pair[0] === undefined || pair[1] === undefined ? [] : [[pair[0], pair[1]] as const];
  });
  const paired = new Set(pairs.flat());
  const single = (timed: TimedStage): boolean => !paired.has(timed);
  return { pairs, onlyBefore: clockBefore.stages.filter(single), onlyAfter: clockAfter.stages.filter(single) };
}

function summaryOf({ aggregate, durationMs, knowledge }: ComparedRun): RunSummary {
  const { id: appId, name, spot, attempt } = aggregate;
  return {
    run: runLabel({ cluster: spot.cluster, appId, attemptId: attempt.attemptId }),
    cluster: spot.cluster,
    name,
    durationMs,
    completed: spot.status === 'completed',
    knowledge,
  };
}

function notesOf(before: ComparedRun, after: ComparedRun): string[] {
  const both = [before, after];
  const label = (run: ComparedRun): string => summaryOf(run).run;
  const tags = new Set(both.map(({ aggregate }) => aggregate.app_specific_data.tag));
  return [
    ...(tags.size > 1 ? ['They are runs of different applications: stages pair by chance, if at all'] : []),
    ...both
      .filter(({ aggregate }) => aggregate.spot.status !== 'completed')
      .map((run) => `${label(run)} has no end: its time is counted up to the last thing known of it`),
    ...both
      .filter(({ knowledge }) => knowledge === 'aggregates')
      .map((run) => `Of ${label(run)} neither stages nor tasks are stored: all stages are compared as one`),
    ...both
      .filter(({ knowledge }) => knowledge === 'history-server')
      .map((run) => `${label(run)} was read from the History Server: plans and the time of failed tasks are not known`),
    ...both
      .filter(({ aggregate }) => aggregate.spot.flags.length > 0)
      .map((run) => `${label(run)} is flagged ${run.aggregate.spot.flags.join(', ')}`),
  ];
}

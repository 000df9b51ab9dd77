import type { SqlDetail } from '../../documents/run-detail.ts';
import { median } from '../../simulation/statistics.ts';
import { nodesOf } from '../computed/plan-nodes.ts';
import { defineHeuristic, NO_GAIN, NotMeasurableHere, severityOf, type Observation } from '../heuristic.ts';
import { milder, type Severity } from '../severity.ts';

interface Batch {
  readonly query: string;
  readonly number: number;
  readonly submitted: number;
  readonly durationMs: number | undefined;
  readonly failed: boolean;
  readonly stateRows: number | undefined;
}

/**
 * Finds streaming queries that fall behind: batches that fail or never end, batches back to back, state that only grows.
 *
 * The log does not tell a query's trigger. A trigger starts batches on the beat of the clock, at whole multiples of its
 * interval; a query that is late starts the next batch as soon as one is done, after some bookkeeping, off the beat. One
 * without a trigger does so too: it has no reserve either.
 */
export const streamingBatches = defineHeuristic({
  id: 'streaming-batches',
  title: 'Streaming batches end before the next one is due',
  failureTitle: 'A streaming query falls behind or fails',
  inputs: ['run', 'sql'],
  thresholds: {
    busyShare: { low: 0.8, moderate: 0.95, severe: 0.99, critical: 0.999, unit: 'ratio' },
    stateGrowth: { low: 2, moderate: 5, severe: 20, critical: 100, unit: 'ratio' },
    leastBatches: { value: 5, unit: 'batches' },
    leastBatchMs: { value: 1000, unit: 'ms' },
    // Offsets and commits are written between two batches: 140 ms to a local disk, measured.
    bookkeepingMs: { value: 300, unit: 'ms' },
    onBeat: { value: 0.9, unit: 'ratio' },
  },
  evaluate({ run, sql }, { busyShare, stateGrowth, leastBatches, leastBatchMs, bookkeepingMs, onBeat }) {
    if (!run.isStreaming) return [];
    const byQuery = Map.groupBy(sql.flatMap(batchOf), ({ query }) => query);
    if (byQuery.size === 0) throw new NotMeasurableHere('its batches cannot be told from its SQL executions');
    return [...byQuery].flatMap(([query, executions]): Observation[] => {
      const batches = oncePerNumber(executions);
      const done = batches.filter(({ durationMs, failed }) => durationMs !== undefined && !failed);
      const broken = batches.length - done.length;
      const durations = done.map(({ durationMs }) => durationMs ?? 0);
      const steps = batches.slice(1).map(({ submitted }, i) => submitted - (batches[i]?.submitted ?? submitted));
      const [batchMs, stepMs] = [median(durations) ?? 0, median(steps) ?? Infinity];
      const pauseMs = Math.max(0, stepMs - batchMs);
      const busy = (batchMs + Math.min(pauseMs, bookkeepingMs.value)) / Math.max(1, stepMs);
      const isMeasured = done.length >= leastBatches.value && batchMs >= leastBatchMs.value;
      const isOnTime = beatOf(batches.map(({ submitted }) => submitted)) >= onBeat.value;
      // Nobody knows that a query without a pause has a trigger at all; batches that grow longer say that it falls behind.
      const most: Severity = isOnTime ? 'low' : isGrowing(durations) ? 'critical' : 'moderate';
      const late: Severity = isMeasured ? milder(severityOf(busy, busyShare), most) : 'none';
      const state = done.flatMap(({ stateRows }) => stateRows ?? []);
      const [firstState = 0, lastState = 0] = [state[0], state.at(-1)];
      const grows = state.length >= 2 * leastBatches.value && state.every((rows, i) => rows >= (state[i - 1] ?? 0));
      const growth = grows ? severityOf(lastState / Math.max(1, firstState), stateGrowth) : 'none';
      const facts = {
        query,
        batches: batches.length,
        unfinishedBatches: broken,
        medianBatchMs: batchMs,
        medianStepMs: steps.length === 0 ? 0 : stepMs,
        busyShare: steps.length === 0 ? 0 : busy,
        stateRows: lastState,
      };
      const subject = `query ${query}`;
      const found: Observation[] = [];
      // One batch cut off by the stop of a query is how streaming ends; a query without a finished one did nothing.
      if (done.length === 0 || broken > 1) {
        found.push({
          severity: done.length === 0 ? 'severe' : 'moderate',
          subject,
          facts,
          gain: NO_GAIN,
          fix: {
            text:
              done.length === 0
                ? 'No batch of the query was finished before it was stopped or failed: its first batch took longer than it was given (start of executors, a backlog without maxOffsetsPerTrigger or maxFilesPerTrigger).'
                : 'Several batches failed: their work is done again after each restart. Read the error of the SQL execution.',
          },
        });
      }
      if (late !== 'none') {
        found.push({
          severity: late,
          subject,
          facts,
          gain: NO_GAIN,
          fix: {
            text: 'The query works without a pause: a trigger comes too early for it, and every delay adds up. Fewer shuffle partitions (state keeps their number: a new checkpoint), more cores, or a bound on what a batch reads.',
          },
        });
      }
      if (growth !== 'none') {
        found.push({
          severity: growth,
          subject,
          facts: { ...facts, firstStateRows: firstState },
          gain: NO_GAIN,
          fix: {
            text: 'Its state only grows: give the aggregation or join a watermark, or a shorter one, or a time-out.',
          },
        });
      }
      return found;
    });
  },
});

/** How well times keep the beat of whole seconds: 1 when all fall on the same part of a second, near 0 when anywhere. */
function beatOf(times: readonly number[]): number {
  const angles = times.map((time) => (2 * Math.PI * time) / 1000);
  const sum = (of: (angle: number) => number): number => angles.reduce((total, angle) => total + of(angle), 0);
  return Math.hypot(sum(Math.cos), sum(Math.sin)) / Math.max(1, times.length);
}

/** The last third of the batches lasts half as long again as the first. */
function isGrowing(durations: readonly number[]): boolean {
  const third = Math.floor(durations.length / 3);
  const [first, last] = [median(durations.slice(0, third)), median(durations.slice(-third))];
  return third > 0 && first !== undefined && last !== undefined && last >= 1.5 * first;
}

/** A micro-batch names itself in the description of its execution: name, id, runId, `batch = 7`. */
function batchOf({ description, submitted, ended, failed, plan }: SqlDetail): Batch[] {
  const number = /\bbatch = (\d+)/.exec(description)?.[1];
  if (number === undefined) return [];
  const [first = '', ...rest] = description.split('\n');
  const id = /\bid = (\S+)/.exec(rest.join('\n'))?.[1];
  const state =
    plan === undefined ? [] : nodesOf(plan).flatMap(({ metrics }) => metrics['number of total state rows'] ?? []);
  return [
    {
      query: first === '' || first.startsWith('id = ') ? (id ?? '?') : first,
      number: Number(number),
      submitted,
      durationMs: ended === undefined ? undefined : ended - submitted,
      failed,
      stateRows: state.length === 0 ? undefined : Math.max(...state),
    },
  ];
}

/** A batch may be several executions, one inside the other: the longest stands for it, and either may tell its state. */
function oncePerNumber(executions: readonly Batch[]): Batch[] {
  return [...Map.groupBy(executions, ({ number }) => number).values()]
    .map((same) => {
      const longest = same.reduce((a, b) => ((b.durationMs ?? Infinity) > (a.durationMs ?? Infinity) ? b : a));
      const rows = same.flatMap(({ stateRows }) => stateRows ?? []);
      return { ...longest, stateRows: rows.length === 0 ? undefined : Math.max(...rows) };
    })
    .sort((a, b) => a.submitted - b.submitted);
}

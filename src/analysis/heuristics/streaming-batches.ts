import type { SqlDetail } from '../../documents/run-detail.ts';
import { median, quantile } from '../../simulation/statistics.ts';
import { nodesOf } from '../computed/plan-nodes.ts';
import { defineHeuristic, NO_GAIN, NotMeasurableHere, severityOf, type Observation } from '../heuristic.ts';
import type { Severity } from '../severity.ts';

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
 * The log does not tell a query's trigger. The usual time from one batch to the next stands for it, so a query that is
 * always late looks as if it had none; batches without a pause between them are said so.
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
  },
  evaluate({ run, sql }, { busyShare, stateGrowth, leastBatches, leastBatchMs }) {
    if (!run.isStreaming) return [];
    const byQuery = Map.groupBy(sql.flatMap(batchOf), ({ query }) => query);
    if (byQuery.size === 0) throw new NotMeasurableHere('its batches cannot be told from its SQL executions');
    return [...byQuery].flatMap(([query, executions]): Observation[] => {
      const batches = oncePerNumber(executions);
      const done = batches.filter(({ durationMs, failed }) => durationMs !== undefined && !failed);
      const broken = batches.length - done.length;
      const durations = done.map(({ durationMs }) => durationMs ?? 0);
      const steps = batches.slice(1).map(({ submitted }, i) => submitted - (batches[i]?.submitted ?? submitted));
      const busy = (median(durations) ?? 0) / Math.max(1, median(steps) ?? Infinity);
      const isLong = (quantile(durations, 0.5) ?? 0) >= leastBatchMs.value;
      const late: Severity = done.length >= leastBatches.value && isLong ? severityOf(busy, busyShare) : 'none';
      const state = done.flatMap(({ stateRows }) => stateRows ?? []);
      const [firstState = 0, lastState = 0] = [state[0], state.at(-1)];
      const grows = state.length >= 2 * leastBatches.value && state.every((rows, i) => rows >= (state[i - 1] ?? 0));
      const growth = grows ? severityOf(lastState / Math.max(1, firstState), stateGrowth) : 'none';
      const facts = {
        query,
        batches: batches.length,
        unfinishedBatches: broken,
        medianBatchMs: median(durations) ?? 0,
        medianStepMs: median(steps) ?? 0,
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
            text: 'The query works without a pause: every delay adds up. Fewer shuffle partitions (state keeps their number: a new checkpoint), more cores, or a bound on what a batch reads.',
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

/** A batch may be several executions, one inside the other: the longest stands for it. */
function oncePerNumber(executions: readonly Batch[]): Batch[] {
  return [...Map.groupBy(executions, ({ number }) => number).values()]
    .flatMap((same) => same.reduce((a, b) => ((b.durationMs ?? Infinity) > (a.durationMs ?? Infinity) ? b : a)))
    .sort((a, b) => a.submitted - b.submitted);
}

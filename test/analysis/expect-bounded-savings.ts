import { expect } from 'chai';
import type { Analysis } from '../../src/analysis/analyze.ts';
import type { RunDetail } from '../../src/documents/run-detail.ts';
import { simulate } from '../../src/simulation/simulate.ts';

/** Rounding of sums of many replays. */
const ROUNDING_MS = 1;

type Told = Pick<RunDetail, 'jobs' | 'sql'>;

/**
 * What savings promise of any run: no more than it took, overlaps counted once, and what remains is at least the part of
 * the chain from start to end that no finding names.
 *
 * @param detail - of the log, whatever the analysis was made from
 */
export function expectBoundedSavings(name: string, analysis: Analysis, detail: RunDetail): void {
  const { findings, total, durationMs } = analysis;
  const shares = findings.reduce((sum, { savings }) => sum + (savings.shareMs ?? 0), 0);
  const all = findings.reduce((sum, { savings }) => sum + savings.timeMs.high, 0);
  const estimates = findings.reduce(
    (sum, { savings }) => sum + (savings.basis === 'estimated' ? savings.timeMs.high : 0),
    0,
  );

  expect(total.timeMs.low, name).to.be.within(0, total.timeMs.high);
  expect(total.timeMs.high, name).to.be.at.most(durationMs);
  expect(total.timeMs.high, `${name}: more than all findings claim`).to.be.at.most(all + ROUNDING_MS);
  expect(shares, `${name}: an overlap counted twice`).to.be.at.most(total.timeMs.high + ROUNDING_MS);
  for (const { id, savings } of findings) expect(savings.timeMs.high, `${name} ${id}`).to.be.at.most(durationMs);

  const idleMs = durationMs - workedMs(detail, durationMs);
  expect(total.timeMs.high - shares, `${name}: estimates save time in which nothing ran`).to.be.at.most(
    Math.min(estimates, durationMs - idleMs) + ROUNDING_MS,
  );
  // Between jobs only the driver's waits can be saved, and before the first job nothing.
  const isDriverNamed = findings.some(({ id }) => id === 'driver-bound');
  const firstMs = Math.min(durationMs, ...detail.jobs.map(({ submitted }) => submitted));
  const untouchedMs = isDriverNamed ? firstMs : Math.min(idleMs, durationMs);
  expect(durationMs - total.timeMs.high, `${name}: the critical path does not allow that`).to.be.at.least(
    Math.max(0, untouchedMs - replayErrorMs(detail)) - ROUNDING_MS,
  );
}

/** How long some job or query was going on. */
function workedMs({ jobs, sql }: Told, durationMs: number): number {
  const edges = [...jobs, ...sql].flatMap(({ submitted, ended }) => [
    { at: submitted, step: 1 },
    { at: ended ?? durationMs, step: -1 },
  ]);
  let [going, worked, since] = [0, 0, 0];
  for (const { at, step } of edges.sort((a, b) => a.at - b.at || b.step - a.step)) {
    if (going > 0) worked += at - since;
    [going, since] = [going + step, at];
  }
  return worked;
}

/** Savings are differences of replays, which begin at the replayed time and not at the measured one. */
function replayErrorMs(detail: RunDetail): number {
  const { selfCheck, source } = simulate(detail, { executors: [1] });
  return selfCheck === undefined ? 0 : Math.abs(selfCheck.durationMs - source.durationMs);
}

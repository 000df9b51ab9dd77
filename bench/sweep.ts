/**
 * A sweep on real Spark, one application on different settings: how wrong the model is on runs it has not seen, and how often
 * its 90 % interval holds them; and whether suggestions keep their word when they are run.
 *
 * `npm run bench sweep` reads the recorded runs in test/fixtures/spark-sweep. With `--real` it runs the plan on Spark first, with
 * `--verify` the suggestions too (an hour or more; what is there is not run again; SPOT_SWEEP_DIR holds it, /tmp/spot-sweep by default).
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runSweep } from '../scripts/spark/sweep.ts';
import { fitHistory, median, settingOf } from '../src/setter/history-model.ts';
import type { HistoryRun } from '../src/setter/history-run.ts';
import { seededRandom } from '../src/regression/random.ts';
import type { Bench, Figure } from './support/goals.ts';
import { sweepPlan } from './sweep-plan.ts';
import { readSweep, recordSweep } from './sweep-record.ts';
import { readTrials, runTrials, trialFigures } from './sweep-verify.ts';

const SCRATCH = process.env['SPOT_SWEEP_DIR'] ?? '/tmp/spot-sweep';
const SESSIONS = 3;
const SPLITS = 10;

interface Tested {
  readonly error: number;
  readonly inside: boolean;
  readonly width: number;
}

/** Every share of runs is drawn anew for each seed; the rest of them is predicted. */
function heldOut(runs: readonly HistoryRun[], learned: number, seed: number): Tested[] {
  const random = seededRandom(seed);
  const order = runs
    .map((run) => ({ run, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ run }) => run);
  const fitted = fitHistory(order.slice(0, learned));
  return order.slice(learned).map((run) => {
    const { value, interval } = fitted.predict(settingOf(run), 0.9);
    return {
      error: Math.abs(value / run.durationMs - 1),
      inside: interval !== undefined && interval.low <= run.durationMs && run.durationMs <= interval.high,
      width: interval === undefined ? Infinity : (interval.high - interval.low) / value,
    };
  });
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}

/** How far repeats of one setting lie apart: no model can be better. */
function repeatSpread(runs: readonly HistoryRun[]): number {
  const groups = [...Map.groupBy(runs, (run) => JSON.stringify(settingOf(run))).values()];
  const ratios = groups
    .filter(({ length }) => length > 1)
    .map((group) => {
      const times = group.map(({ durationMs }) => durationMs);
      return Math.max(...times) / Math.min(...times) - 1;
    });
  return ratios.length === 0 ? NaN : median(ratios);
}

export const bench: Bench = async () => {
  if (process.argv.includes('--real')) await record();
  const runs = readSweep();
  if (runs.length === 0) {
    console.log('Nothing is recorded: `npm run bench sweep -- --real` runs the plan.\n');
    return [{ what: 'recorded runs', value: 0, unit: '', atLeast: 60 }];
  }
  if (process.argv.includes('--verify')) await runTrials(runs, { scratch: SCRATCH, sessions: SESSIONS });
  console.log(
    `${runs.length} runs of ${new Set(runs.map((run) => JSON.stringify(settingOf(run)))).size} settings; repeats differ by ${(100 * repeatSpread(runs)).toFixed(0)} % (median).\n`,
  );
  console.log('| learnt from | median error % | p90 error % | covered by 90 % | width |\n|---|---|---|---|---|');
  const figures: Figure[] = [];
  for (const share of [0.25, 0.5, 0.75]) {
    const learned = Math.round(share * runs.length);
    const tested = Array.from({ length: SPLITS }, (_, seed) => heldOut(runs, learned, seed + 1)).flat();
    const errors = tested.map(({ error }) => 100 * error);
    const covered = (100 * tested.filter(({ inside }) => inside).length) / tested.length;
    const width = quantile(
      tested.map((each) => each.width),
      0.5,
    );
    console.log(
      `| ${learned} runs | ${quantile(errors, 0.5).toFixed(1)} | ${quantile(errors, 0.9).toFixed(1)} | ${covered.toFixed(0)} | ${width.toFixed(2)} |`,
    );
    figures.push(
      { what: `${learned} runs: median error`, value: quantile(errors, 0.5), unit: '%' },
      { what: `${learned} runs: p90 error`, value: quantile(errors, 0.9), unit: '%' },
      { what: `${learned} runs: covered by the 90 % interval`, value: covered, unit: '%', atLeast: 87 },
    );
  }
  console.log('');
  return [
    { what: 'recorded runs', value: runs.length, unit: '', atLeast: 60 },
    ...figures,
    ...trialFigures(readTrials()),
  ];
};

async function record(): Promise<void> {
  const out = join(SCRATCH, 'sweep');
  if (!existsSync(SCRATCH)) mkdirSync(SCRATCH, { recursive: true });
  const left = await runSweep({
    plan: sweepPlan(58, 6),
    out,
    scratch: SCRATCH,
    sessions: SESSIONS,
    until: new Date(Date.now() + 6 * 3_600_000),
  });
  if (left > 0) console.log(`${left} runs of the plan could not be run.`);
  await recordSweep(out);
}

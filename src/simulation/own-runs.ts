import type { RunDetail } from '../documents/run-detail.ts';
import type { Size } from './cluster.ts';
import { sizeOfSource } from './cluster.ts';
import { predict, type PredictOptions } from './predict.ts';
import { prepareRun } from './prepare.ts';
import type { RunModel } from './run-model.ts';

/** Another run of the same application on input of the same size. */
export interface OwnRun {
  readonly detail: RunDetail;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

export interface OwnModel {
  readonly model: RunModel;
  readonly properties: Readonly<Record<string, string>>;
}

/** Runs beyond this many teach nothing more about size, and each is replayed at the sizes of all others. */
const MOST_OWN_RUNS = 12;
/** Task replays that may be spent on learning, of all own runs at the sizes of all. */
const MOST_TASKS = 2_000_000;
/** The correction rests on nothing while the own runs lie within a doubling: so many squared doublings of doubt. */
const RIDGE = 4;
/** A source as far away as one doubling of slots counts half of one at the same size. */
const NEARNESS = 1;

/** Own runs that did the same work: as many jobs and stages. Others are no evidence about this one. */
export function comparableRuns(source: RunModel, runs: readonly OwnRun[]): OwnModel[] {
  const models = runs
    .map(({ detail, properties = {} }): OwnModel => ({ model: prepareRun(detail, { properties }), properties }))
    .filter(({ model }) => model.jobs.length === source.jobs.length && model.stages.length === source.stages.length);
  const tasks = source.stages.reduce((total, { runTimes }) => total + runTimes.length, 1);
  return models.slice(0, Math.min(MOST_OWN_RUNS, Math.floor(Math.sqrt(MOST_TASKS / tasks))));
}

/**
 * The time at a size as all own runs together predict it, as a factor on what the first of them predicts.
 *
 * Each run is replayed at the sizes of the others, where the truth is known; the drift of its error with the logarithm
 * of the slots is taken off its prediction, and the predictions are averaged, the nearer sizes counting more.
 *
 * @param runs - the source first, then the others; runs of the size asked for are evidence too
 */
export function correctionBy(
  runs: readonly OwnModel[],
  options: Omit<PredictOptions, 'properties'>,
): (size: Size) => number {
  const cached = runs.map(() => new Map<string, number>());
  const timeOf = (from: number, size: Size): number => {
    const key = `${size.executors}x${size.coresPerExecutor}`;
    const known = cached[from]?.get(key);
    if (known !== undefined) return known;
    const run = runs[from];
    if (run === undefined) return NaN;
    const time = predict(run.model, size, { ...options, properties: run.properties }).replay.durationMs;
    cached[from]?.set(key, time);
    return time;
  };
  const drifts = runs.map(({ model: from }, i) => {
    let xy = 0;
    let xx = RIDGE;
    for (const { model: to } of runs) {
      const step = doublings(from.slots, to.slots);
      if (step === 0) continue;
      xy += step * Math.log(to.durationMs / timeOf(i, sizeOfSource(to)));
      xx += step ** 2;
    }
    return xy / xx;
  });
  return (size) => {
    const slots = size.executors * size.coresPerExecutor;
    let weights = 0;
    let logTime = 0;
    for (const [i, { model }] of runs.entries()) {
      const step = doublings(model.slots, slots);
      const weight = 1 / (NEARNESS + step ** 2);
      weights += weight;
      logTime += weight * (Math.log(timeOf(i, size)) + (drifts[i] ?? 0) * step);
    }
    return Math.exp(logTime / weights) / timeOf(0, size);
  };
}

function doublings(from: number, to: number): number {
  return Math.log2(to / from);
}

import type { RunDetail } from '../documents/run-detail.ts';
import { ModelError } from '../util/errors.ts';
import { brokenAssumptions, driverTime, type Assumption } from './assumptions.ts';
import { clusterAsItWas, UNBOUNDED, type Size } from './cluster.ts';
import { criticalPath, type PathStep } from './critical-path.ts';
import { BUILT_IN_KNOWLEDGE, slotsOfSize, slotsOfSource, type Knowledge } from './knowledge.ts';
import { comparableRuns, correctionBy, type OwnRun } from './own-runs.ts';
import { predict, type PredictOptions, type Prediction } from './predict.ts';
import { predictionRange, type Evidence } from './prediction-range.ts';
import { prepareRun } from './prepare.ts';
import { refusalOf, selfCheckRefusal, type Refusal } from './refusals.ts';
import { replay } from './replay.ts';
import type { RunModel } from './run-model.ts';
import { targetCosts } from './size-effects.ts';
import { sparklensOf } from './sparklens.ts';
import { sum } from './statistics.ts';
import { taskTimes } from './task-times.ts';

export interface SimulateOptions {
  /** Numbers of executors to simulate, each at least 1. With dynamic allocation: the most at a time. */
  readonly executors: readonly number[];
  /** As in the source when absent. */
  readonly coresPerExecutor?: number | undefined;
  /** The run's own Spark properties (environment page), for pools, task cpus and dynamic allocation. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Properties to simulate other than they were: `spark.sql.shuffle.partitions`, `spark.dynamicAllocation.*`, `spark.task.cpus`. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** What the store taught about other sizes; without it the built-in effects. */
  readonly knowledge?: Knowledge | undefined;
  /** Other runs of the same application on input of the same size, best at other sizes. */
  readonly ownRuns?: readonly OwnRun[] | undefined;
}

export interface SimulatedPoint {
  readonly executors: number;
  readonly coresPerExecutor: number;
  readonly durationMs: number;
  /** 9 of 10 reruns are expected between low and high. */
  readonly durationLowMs: number;
  readonly durationHighMs: number;
  /** Core time the run would be given: cores × time, or by the executors' lifetimes with dynamic allocation. */
  readonly coreMs: number;
  /** Slot time in tasks over slot time of living executors, 0 to 1. */
  readonly utilizationRatio: number;
  /** What Sparklens' formula says of the same run at this size, to compare. */
  readonly sparklensMs?: number | undefined;
}

export interface Simulation {
  /** In the order asked for; empty when refused. */
  readonly points: readonly SimulatedPoint[];
  readonly refusal?: Refusal | undefined;
  readonly source: Size & { readonly durationMs: number };
  /** The replay at the source's own size and cluster against what was measured. Proves the graph, not the extrapolation. */
  readonly selfCheck?: { readonly durationMs: number; readonly errorRatio: number } | undefined;
  readonly bounds?: Bounds | undefined;
  /** The chain that decides the time at the source's own size. */
  readonly criticalPath: readonly PathStep[];
  readonly assumptions: readonly Assumption[];
  readonly evidence: Evidence;
  readonly precision: RunModel['precision'];
}

/** What the run could come to, whatever the size. */
export interface Bounds {
  /** No more waiting for slots: the chain of stages and driver gaps, with the task times as measured. */
  readonly criticalPathMs: number;
  /** The driver's time, and the work spread evenly over the source's slots. */
  readonly idealMs: number;
  /** The driver's time, and the work one task after the other. */
  readonly oneCoreMs: number;
  /** Time in which no job ran. */
  readonly driverMs: number;
  readonly driverShare: number;
  /** "Whatever you pay": slots without end, warm from the start. */
  readonly floorMs: number;
}

/**
 * Simulates a run on other numbers of executors.
 *
 * @throws {@link ModelError} `SIMULATION_SIZE` for a size that is no size; a run that cannot be simulated is a refusal
 */
export function simulate(detail: RunDetail, options: SimulateOptions): Simulation {
  const properties = { ...options.properties, ...options.set };
  const source = prepareRun(detail, { properties: options.properties });
  const model = options.set === undefined ? source : prepareRun(detail, { properties });
  const sizes = options.executors.map((executors): Size => ({
    executors,
    coresPerExecutor: options.coresPerExecutor ?? model.coresPerExecutor,
  }));
  for (const size of sizes) requireSize(size);

  const refused = (refusal: Refusal): Simulation => ({
    points: [],
    refusal,
    source: {
      executors: source.executorCount,
      coresPerExecutor: source.coresPerExecutor,
      durationMs: source.durationMs,
    },
    criticalPath: [],
    assumptions: [],
    evidence: 'one-log',
    precision: source.precision,
  });
  const unfit = refusalOf(detail);
  if (unfit !== undefined) return refused(unfit);

  const knowledge = options.knowledge ?? BUILT_IN_KNOWLEDGE;
  const asItWas = replayAsItWas(source);
  const errorRatio = asItWas.durationMs / source.durationMs - 1;
  const failed = asItWas.complete ? selfCheckRefusal(errorRatio) : ({ code: 'CANNOT_FINISH', facts: {} } as const);
  if (failed !== undefined) return { ...refused(failed), selfCheck: { durationMs: asItWas.durationMs, errorRatio } };

  const predictOptions: PredictOptions = {
    properties,
    knowledge,
    shufflePartitions: numberOf(options.set?.['spark.sql.shuffle.partitions']),
    coresWereAsked: options.coresPerExecutor !== undefined,
  };
  const own = comparableRuns(source, options.ownRuns ?? []);
  const correct = own.length === 0 ? undefined : correctionBy([{ model, properties }, ...own], predictOptions);
  const evidence = evidenceOf(
    model,
    knowledge,
    own.map((run) => run.model),
  );
  const predictions = sizes.map((size) => ({ size, prediction: predict(model, size, predictOptions) }));
  const stuck = predictions.find(({ prediction }) => !prediction.replay.complete);
  if (stuck !== undefined) return refused({ code: 'CANNOT_FINISH', facts: { ...stuck.size } });

  const sparklens = sparklensOf(model);
  return {
    points: predictions.map(({ size, prediction }) => ({
      ...pointOf(model, size, prediction, correct?.(size) ?? 1, { evidence, errorRatio, properties }),
      sparklensMs: sparklens.estimateMs(size.executors * size.coresPerExecutor),
    })),
    source: {
      executors: source.executorCount,
      coresPerExecutor: source.coresPerExecutor,
      durationMs: source.durationMs,
    },
    selfCheck: { durationMs: asItWas.durationMs, errorRatio },
    bounds: boundsOf(source),
    criticalPath: criticalPath(source, asItWas),
    assumptions: brokenAssumptions({
      detail,
      model,
      properties,
      changed: options.set ?? {},
      sizes,
      selfCheckError: errorRatio,
      learntApplications: knowledge.applications[model.sharesHost ? 'sharedHost' : 'separateHosts'],
    }),
    evidence,
    precision: model.precision,
  };
}

function requireSize({ executors, coresPerExecutor }: Size): void {
  const valid = (value: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= 1_000_000;
  if (valid(executors) && valid(coresPerExecutor)) return;
  throw new ModelError(
    'SIMULATION_SIZE',
    `Cannot simulate ${executors} executors of ${coresPerExecutor} cores: give whole numbers of at least 1`,
    {
      details: { executors, coresPerExecutor },
    },
  );
}

function pointOf(
  model: RunModel,
  size: Size,
  { replay: replayed, otherReadingsMs }: Prediction,
  correction: number,
  basis: {
    readonly evidence: Evidence;
    readonly errorRatio: number;
    readonly properties: Readonly<Record<string, string>>;
  },
): SimulatedPoint {
  const durationMs = replayed.durationMs * correction;
  const { lowMs, highMs } = predictionRange({
    durationMs,
    otherReadingsMs: otherReadingsMs.map((time) => time * correction),
    evidence: basis.evidence,
    fromQuantiles: model.precision === 'quantiles',
    sourceSlots: model.slots,
    slots: slotsOfSize(model, size.executors, size.coresPerExecutor, basis.properties).most,
    selfCheckError: basis.errorRatio,
  });
  const dynamic = basis.properties['spark.dynamicAllocation.enabled'] === 'true';
  return {
    ...size,
    durationMs,
    durationLowMs: lowMs,
    durationHighMs: highMs,
    coreMs: dynamic ? replayed.aliveCoreMs * correction : size.executors * size.coresPerExecutor * durationMs,
    utilizationRatio: replayed.aliveSlotMs === 0 ? 0 : Math.min(1, replayed.busyMs / replayed.aliveSlotMs),
  };
}

function evidenceOf(model: RunModel, knowledge: Knowledge, own: readonly RunModel[]): Evidence {
  if (own.some(({ slots }) => slots !== model.slots)) return 'own-sizes';
  const effects = model.sharesHost ? knowledge.sharedHost : knowledge.separateHosts;
  return Object.values(effects).some((effect) => effect !== 0) ? 'effects' : 'one-log';
}

/** The replay on the executors as they came and went, with the costs as measured. */
export function replayAsItWas(model: RunModel): ReturnType<typeof replay> {
  return replay(model, sourceTimes(model), clusterAsItWas(model));
}

export function sourceTimes(model: RunModel): ReturnType<typeof taskTimes> {
  const here = slotsOfSource(model, {});
  return taskTimes(model, targetCosts(model, here, here, BUILT_IN_KNOWLEDGE.separateHosts));
}

function boundsOf(model: RunModel): Bounds {
  const times = sourceTimes(model);
  const driverMs = driverTime(model);
  const workMs = sum(model.stages.map(({ runTimes }) => sum(runTimes) + runTimes.length * model.costs.warmOverheadMs));
  const measured = {
    warmMs: model.stages.map(({ runTimes }) => runTimes.map((time) => time + model.costs.warmOverheadMs)),
    coldExtraMs: 0,
    firstWaveExtraMs: 0,
  };
  return {
    criticalPathMs: replay(model, measured, UNBOUNDED).durationMs,
    idealMs: driverMs + workMs / model.slots,
    oneCoreMs: driverMs + workMs,
    driverMs,
    driverShare: model.durationMs === 0 ? 0 : driverMs / model.durationMs,
    floorMs: replay(model, { ...times, firstWaveExtraMs: 0 }, UNBOUNDED).durationMs,
  };
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text ?? NaN);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

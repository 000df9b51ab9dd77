import { clusterOfSize, type Size } from './cluster.ts';
import type { Knowledge } from './knowledge.ts';
import { slotsOfSize, slotsOfSource } from './knowledge.ts';
import { replay, type Replay } from './replay.ts';
import type { RunModel } from './run-model.ts';
import { targetCosts } from './size-effects.ts';
import { taskTimes, type Widths } from './task-times.ts';
import { widthOn } from './work.ts';

export interface PredictOptions {
  /** The run's Spark properties with what is to be changed in them. */
  readonly properties: Readonly<Record<string, string>>;
  readonly knowledge: Knowledge;
  /** `spark.sql.shuffle.partitions` to simulate, where it is to be another. */
  readonly shufflePartitions?: number | undefined;
  /** Whether the cores per executor were asked for; otherwise an unequal mix of executors stays unequal. */
  readonly coresWereAsked: boolean;
}

/** One size, with the other readings of what the run does not tell. */
export interface Prediction {
  readonly replay: Replay;
  /** Times under other readings: guessed release rules, widths that follow the cores. */
  readonly otherReadingsMs: readonly number[];
}

/** Replays the run at a size, in its likeliest reading and in the others. */
export function predict(model: RunModel, size: Size, options: PredictOptions): Prediction {
  const { properties, knowledge } = options;
  const from = slotsOfSource(model, properties);
  const to = slotsOfSize(model, size.executors, size.coresPerExecutor, properties);
  const costs = targetCosts(model, from, to, model.sharesHost ? knowledge.sharedHost : knowledge.separateHosts);
  const cluster = clusterOfSize(model, size, properties, options.coresWereAsked);
  const play = (widths: Widths, alternativeRules = false): Replay =>
    replay(model, taskTimes(model, costs, widths), cluster, { firstJobMs: costs.firstJobMs, alternativeRules });

  const sized = to.most !== model.slots;
  const asAsked: Widths = (stage) => (stage.width === 'shuffle-partitions' ? options.shufflePartitions : undefined);
  const likely: Widths = (stage) =>
    asAsked(stage) ?? (sized && stage.width === 'adaptive' ? widthOn(to.most, stage, model) : undefined);
  const otherReadingsMs: number[] = [];
  if (model.jobs.some((job) => job.alternative !== undefined)) otherReadingsMs.push(play(likely, true).durationMs);
  if (sized && model.stages.some(({ width }) => width === 'adaptive')) otherReadingsMs.push(play(asAsked).durationMs);
  if (sized && model.stages.some(({ width }) => width === 'slots')) {
    otherReadingsMs.push(
      play((stage) => likely(stage) ?? (stage.width === 'slots' ? widthOn(to.most, stage, model) : undefined))
        .durationMs,
    );
  }
  return { replay: play(likely), otherReadingsMs };
}

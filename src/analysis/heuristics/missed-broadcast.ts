import type { SqlNode } from '../../documents/run-detail.ts';
import { withoutShuffle } from '../../simulation/dissolved-stages.ts';
import { isAdaptive } from '../computed/effective.ts';
import { asWallClock } from '../computed/off-cpu.ts';
import { nodesOf } from '../computed/plan-nodes.ts';
import { isMostlyShuffle, shuffleEnds, type ShuffleEnds } from '../computed/shuffle-ends.ts';
import { stageSpanMs } from '../computed/stage-text.ts';
import { defineHeuristic, estimated, severityOf, type Gain, type Observation } from '../heuristic.ts';

/**
 * Finds joins that shuffled and sorted a large side although the other one was small enough to broadcast.
 *
 * Sizes are those measured at the exchange, not estimates. Only the side that the join's type allows is meant: the right
 * one of a left outer, semi or anti join, the left one of a right outer join, either of an inner join.
 *
 * With a broadcast the stage that reads the shuffle is no more. Of it only fetching and sorting are measured: they are
 * what is saved for certain; the whole stage is what could be saved where it does hardly anything else.
 */
export const missedBroadcast = defineHeuristic({
  id: 'missed-broadcast',
  title: 'Joins with a small side broadcast it',
  failureTitle: 'A join shuffles a large table beside a small one',
  inputs: ['run', 'sql', 'stages', 'executors', 'properties'],
  thresholds: {
    largeToSmall: { low: 10, moderate: 50, severe: 200, critical: 1000, unit: 'ratio' },
    smallBytes: { value: 100 * 1024 ** 2, unit: 'bytes' },
  },
  evaluate({ run, sql, stages, executors, properties }, { largeToSmall, smallBytes }) {
    return sql.flatMap(({ id, plan, stageIds }) => {
      const own = stages.filter(({ stageId }) => stageIds.includes(stageId));
      const joins =
        plan === undefined ? [] : nodesOf(plan).filter(({ name }) => /^(SortMerge|ShuffledHash)Join/.test(name));
      return joins.flatMap((join): Observation[] => {
        const [left, right] = join.children.map(exchangeOf);
        if (left === undefined || right === undefined) return [];
        const [leftBytes, rightBytes] = [sizeOf(left), sizeOf(right)];
        const isRightSmall = rightBytes <= leftBytes;
        if (!mayBroadcast(join.description, isRightSmall ? 'right' : 'left')) return [];
        const [small, large] = isRightSmall ? [rightBytes, left] : [leftBytes, right];
        const other = isRightSmall ? right : left;
        const severity = severityOf(sizeOf(large) / Math.max(1, small), largeToSmall);
        if (small === 0 || small > smallBytes.value || severity === 'none') return [];
        const writeMs = large.metrics['shuffle write time'] ?? 0;
        const readMs =
          (large.metrics['fetch wait time'] ?? 0) + join.children.reduce((sum, child) => sum + sortOf(child), 0);
        const ends = shuffleEnds(large, other, own);
        const isWhole = ends !== undefined && plan !== undefined && isMostlyShuffle(plan, join, ends.reader);
        // Broadcasting sends the small side to each executor instead.
        const copies = Math.max(1, executors.filter(({ id: executor }) => executor !== 'driver').length);
        const netShare = Math.max(0, 1 - (copies * small) / Math.max(1, sizeOf(large)));
        const threshold = Math.ceil((1.2 * small) / 1024 ** 2);
        return [
          {
            severity,
            subject: `SQL ${id}`,
            facts: {
              join: join.name,
              smallSideBytes: small,
              largeSideBytes: sizeOf(large),
              shuffleAndSortMs: writeMs + readMs,
              ...(isWhole ? { joinStage: ends.reader.stageId, joinStageMs: stageSpanMs(ends.reader) } : {}),
            },
            gain:
              isWhole && netShare > 0
                ? wholeStage(ends, { writeMs, readMs, netShare, slots: run.slots })
                : estimated(0, (writeMs + readMs) / run.slots),
            fix: {
              text: /^-1b?$/.test(properties['spark.sql.autoBroadcastJoinThreshold'] ?? '')
                ? 'Broadcast joins are switched off here: let joins of this size broadcast again.'
                : 'Let joins of this size broadcast: raise the threshold, or hint at the small side where Spark does not know its size.',
              // The one goes by estimates before the run, the other by what a shuffle measured (from 3.2 on).
              set: {
                'spark.sql.autoBroadcastJoinThreshold': `${Math.max(10, threshold)}m`,
                ...((run.sparkVersion ?? 0) >= 3.2 && isAdaptive(undefined, properties, run)
                  ? { 'spark.sql.adaptive.autoBroadcastJoinThreshold': `${Math.max(10, threshold)}m` }
                  : {}),
              },
            },
          },
        ];
      });
    });
  },
});

interface Measured {
  readonly writeMs: number;
  readonly readMs: number;
  /** What is left of the saving when the small side has been sent to all executors. */
  readonly netShare: number;
  readonly slots: number;
}

function wholeStage({ writer, reader }: ShuffleEnds, { writeMs, readMs, netShare, slots }: Measured): Gain {
  const shareOf = (ms: number, { sums }: ShuffleEnds['writer']): number =>
    (netShare * ms) / Math.max(1, sums['executorRunTime'] ?? 0);
  const [write, read] = [asWallClock(writeMs, writer, slots), asWallClock(readMs, reader, slots)];
  return {
    kind: 'time',
    claimMs: { low: netShare * (write + read), high: write + stageSpanMs(reader) },
    remedy: (id) =>
      withoutShuffle(id, {
        readers: new Set([reader.stageId]),
        certainShare: new Map([
          [writer.stageId, shareOf(writeMs, writer)],
          [reader.stageId, shareOf(readMs, reader)],
        ]),
      }),
  };
}

/** The exchange of a join's side, where nothing but sorting and wrapping is between. */
function exchangeOf(side: SqlNode): SqlNode | undefined {
  let node: SqlNode | undefined = side;
  while (node !== undefined && node.name !== 'Exchange') {
    if (node.children.length !== 1 || /Join|Aggregate|Window/.test(node.name)) return undefined;
    [node] = node.children;
  }
  return node;
}

function sortOf(side: SqlNode): number {
  let [node, total]: [SqlNode | undefined, number] = [side, 0];
  while (node !== undefined && node.name !== 'Exchange') {
    if (node.name === 'Sort') total += node.metrics['sort time'] ?? 0;
    [node] = node.children;
  }
  return total;
}

function sizeOf({ metrics }: SqlNode): number {
  return metrics['data size'] ?? 0;
}

function mayBroadcast(description: string, side: 'left' | 'right'): boolean {
  const type = /\b(Inner|Cross|LeftOuter|RightOuter|FullOuter|LeftSemi|LeftAnti|ExistenceJoin)\b/.exec(
    description,
  )?.[1];
  if (type === 'Inner' || type === 'Cross') return true;
  if (type === 'RightOuter') return side === 'left';
  return type !== undefined && type !== 'FullOuter' && side === 'right';
}

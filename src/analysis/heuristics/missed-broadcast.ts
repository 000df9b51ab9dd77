import type { SqlNode } from '../../documents/run-detail.ts';
import { isAdaptive } from '../computed/effective.ts';
import { nodesOf } from '../computed/plan-nodes.ts';
import { defineHeuristic, estimated, severityOf, type Observation } from '../heuristic.ts';

/**
 * Finds joins that shuffled and sorted a large side although the other one was small enough to broadcast.
 *
 * Sizes are those measured at the exchange, not estimates. Only the side that the join's type allows is meant: the right
 * one of a left outer, semi or anti join, the left one of a right outer join, either of an inner join.
 */
export const missedBroadcast = defineHeuristic({
  id: 'missed-broadcast',
  title: 'Joins with a small side broadcast it',
  failureTitle: 'A join shuffles a large table beside a small one',
  inputs: ['run', 'sql', 'properties'],
  thresholds: {
    largeToSmall: { low: 10, moderate: 50, severe: 200, critical: 1000, unit: 'ratio' },
    smallBytes: { value: 100 * 1024 ** 2, unit: 'bytes' },
  },
  evaluate({ run, sql, properties }, { largeToSmall, smallBytes }) {
    return sql.flatMap(({ id, plan }) => {
      const joins =
        plan === undefined ? [] : nodesOf(plan).filter(({ name }) => /^(SortMerge|ShuffledHash)Join/.test(name));
      return joins.flatMap((join): Observation[] => {
        const [left, right] = join.children.map(exchangeOf);
        if (left === undefined || right === undefined) return [];
        const [leftBytes, rightBytes] = [sizeOf(left), sizeOf(right)];
        const isRightSmall = rightBytes <= leftBytes;
        if (!mayBroadcast(join.description, isRightSmall ? 'right' : 'left')) return [];
        const [small, large] = isRightSmall ? [rightBytes, left] : [leftBytes, right];
        const severity = severityOf(sizeOf(large) / Math.max(1, small), largeToSmall);
        if (small === 0 || small > smallBytes.value || severity === 'none') return [];
        const shuffleMs = (large.metrics['shuffle write time'] ?? 0) + (large.metrics['fetch wait time'] ?? 0);
        const sortMs = join.children.reduce((sum, child) => sum + sortOf(child), 0);
        const threshold = Math.ceil((1.2 * small) / 1024 ** 2);
        return [
          {
            severity,
            subject: `SQL ${id}`,
            facts: {
              join: join.name,
              smallSideBytes: small,
              largeSideBytes: sizeOf(large),
              shuffleAndSortMs: shuffleMs + sortMs,
            },
            // Task time that the large side's shuffle and sort took, over the slots.
            gain: estimated(0, (shuffleMs + sortMs) / run.slots),
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

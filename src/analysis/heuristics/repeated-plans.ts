import type { SqlNode } from '../../documents/run-detail.ts';
import { nodesOf } from '../computed/plan-nodes.ts';
import { defineHeuristic, estimated, severityOf } from '../heuristic.ts';

interface Repeated {
  readonly root: SqlNode;
  readonly executions: Set<number>;
  times: number;
  taskMs: number;
  mostMs: number;
}

/**
 * Finds the same work up to a shuffle or broadcast done several times: scans, filters and joins that could have been kept.
 *
 * Within one query Spark reuses an equal exchange, and what it reused or read from the cache is not counted.
 */
export const repeatedPlans = defineHeuristic({
  id: 'repeated-plans',
  title: 'No large part of a plan is computed twice',
  failureTitle: 'The same part of a plan is computed again and again',
  inputs: ['run', 'sql'],
  thresholds: {
    times: { low: 2, moderate: 3, severe: 5, critical: 10, unit: 'times' },
    leastNodes: { value: 3, unit: 'plan nodes' },
  },
  evaluate({ run, sql }, { times, leastNodes }) {
    const repeated = new Map<string, Repeated>();
    for (const { id, plan } of sql) {
      if (plan === undefined) continue;
      for (const exchange of computedExchanges(plan)) {
        const nodes = nodesOf(exchange).filter(({ name }) => !/^(WholeStageCodegen|InputAdapter)/.test(name));
        if (nodes.length < leastNodes.value || !nodes.some(({ name }) => /Scan\b/.test(name))) continue;
        const key = shapeOf(exchange);
        const taskMs = nodesOf(exchange).reduce(
          (sum, { name, metrics }) => sum + (name.startsWith('WholeStageCodegen') ? (metrics['duration'] ?? 0) : 0),
          0,
        );
        const known = repeated.get(key) ?? {
          root: exchange,
          executions: new Set<number>(),
          times: 0,
          taskMs: 0,
          mostMs: 0,
        };
        known.times += 1;
        known.taskMs += taskMs;
        known.mostMs = Math.max(known.mostMs, taskMs);
        known.executions.add(id);
        repeated.set(key, known);
      }
    }
    const found = [...repeated.values()]
      .filter(({ times: count }) => count >= times.low)
      .sort((a, b) => b.taskMs - b.mostMs - (a.taskMs - a.mostMs));
    const [worst] = found;
    if (worst === undefined) return [];
    const againMs = found.reduce((sum, { taskMs, mostMs }) => sum + taskMs - mostMs, 0);
    return [
      {
        severity: severityOf(worst.times, times),
        subject: `SQL ${[...worst.executions].slice(0, 5).join(', ')}`,
        facts: {
          times: worst.times,
          parts: found.length,
          reads: nodesOf(worst.root)
            .filter(({ name }) => /Scan\b/.test(name))
            .map(({ name }) => name)
            .slice(0, 5),
          taskTimeAgainMs: againMs,
        },
        // All but the dearest time could have been a read of the cache, which is not free.
        gain: estimated(0, againMs / run.slots),
        fix: {
          text: 'Compute it once: persist() the common part before it is used again (and unpersist() after), or write it out as a table.',
        },
      },
    ];
  },
});

/** Exchanges that were computed here; inside a reused exchange or a cached table nothing was. Outer ones only. */
function computedExchanges(plan: SqlNode): SqlNode[] {
  const found: SqlNode[] = [];
  const open = [plan];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (/^(ReusedExchange|InMemoryTableScan|TableCacheQueryStage|ReusedSubquery)/.test(node.name)) continue;
    if (/^(Broadcast)?Exchange$/.test(node.name)) found.push(node);
    else open.push(...node.children);
  }
  return found;
}

/** What is computed, without the numbers that every plan gives its columns anew. */
function shapeOf({ name, description, children }: SqlNode): string {
  const own = /^(WholeStageCodegen|InputAdapter)/.test(name)
    ? ''
    : description.replaceAll(/#\d+L?/g, '').replaceAll(/(?:plan_id=|id=#?)\d+/g, '');
  return `${own}(${children.map(shapeOf).join(',')})`;
}

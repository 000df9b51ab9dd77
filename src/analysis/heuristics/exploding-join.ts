import { nodesOf, rowsOf } from '../computed/plan-nodes.ts';
import { defineHeuristic, estimated, severityOf, type Observation } from '../heuristic.ts';

/** Finds cartesian products, and nested-loop joins, that gave many times the rows they were fed. */
export const explodingJoin = defineHeuristic({
  id: 'exploding-join',
  title: 'No join compares every row with every other',
  failureTitle: 'A join compares every row with every other',
  inputs: ['run', 'sql'],
  thresholds: {
    // SparkForensics': a million rows out and ten times the larger input.
    outToIn: { low: 10, moderate: 100, severe: 1000, critical: 10_000, unit: 'ratio' },
    leastRows: { value: 1_000_000, unit: 'rows' },
  },
  evaluate({ run, sql }, { outToIn, leastRows }) {
    return sql.flatMap(({ id, plan, submitted, ended }) => {
      const joins =
        plan === undefined
          ? []
          : nodesOf(plan).filter(({ name }) => /^(CartesianProduct|BroadcastNestedLoopJoin)/.test(name));
      return joins.flatMap((join): Observation[] => {
        const inputs = join.children.map((child) => rowsOf(child) ?? 0);
        const compared = inputs.reduce((product, rows) => product * rows, 1);
        const out = Math.max(
          join.metrics['number of output rows'] ?? 0,
          inputs.every((rows) => rows > 0) ? compared : 0,
        );
        const severity = severityOf(out / Math.max(1, ...inputs), outToIn);
        if (out < leastRows.value || severity === 'none') return [];
        return [
          {
            severity,
            subject: `SQL ${id}`,
            facts: {
              join: join.name,
              comparedRows: out,
              outputRows: join.metrics['number of output rows'] ?? 0,
              inputRows: inputs,
            },
            gain: estimated(0, Math.max(0, (ended ?? run.durationMs) - submitted)),
            fix: {
              text: 'Give the join an equality that both sides can be hashed by; a range join can be cut into buckets that are equal. If the product is meant, filter both sides first.',
            },
          },
        ];
      });
    });
  },
});

import type { RunDetail, SqlDetail, SqlNode } from '../documents/run-detail.ts';
import { matchByKeys, withoutNumbers, type Matching } from './match.ts';

/** A query that both runs have, and that Spark planned differently. */
export interface PlanChange {
  readonly before: number;
  readonly after: number;
  readonly description: string;
  /** Operators that only the later plan has, with how many more of them: `BroadcastHashJoin`, `Exchange ×2`. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

export interface SqlLayer {
  readonly matched: number;
  readonly changed: readonly PlanChange[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

/** Queries pair by text and plan, else by text, else by plan. */
export function matchQueries(before: RunDetail, after: RunDetail): Matching<SqlDetail> {
  const text = ({ description }: SqlDetail): string => withoutNumbers(description);
  return matchByKeys(before.sql, after.sql, [
    (query) => (query.plan === undefined ? undefined : `${text(query)}\n${planShape(query.plan)}`),
    text,
    (query) => (query.plan === undefined ? undefined : planShape(query.plan)),
  ]);
}

export function sqlLayer({ pairs, onlyBefore, onlyAfter }: Matching<SqlDetail>): SqlLayer {
  const changed = pairs.flatMap(([a, b]): PlanChange[] => {
    if (a.plan === undefined || b.plan === undefined || planShape(a.plan) === planShape(b.plan)) return [];
    const [had, has] = [operators(a.plan), operators(b.plan)];
    const gained = surplus(has, had);
    const lost = surplus(had, has);
    return [{ before: a.id, after: b.id, description: b.description, gained, lost }];
  });
  const described = ({ id, description }: SqlDetail): string => `${id}: ${description}`;
  return {
    matched: pairs.length,
    changed,
    onlyBefore: onlyBefore.map(described),
    onlyAfter: onlyAfter.map(described),
  };
}

/** The tree of operators without their arguments, which name columns and files. */
function planShape({ name, children }: SqlNode): string {
  const below = children.map(planShape).join(',');
  return below === '' ? operator(name) : `${operator(name)}(${below})`;
}

function operators(plan: SqlNode, counts = new Map<string, number>()): Map<string, number> {
  counts.set(operator(plan.name), (counts.get(operator(plan.name)) ?? 0) + 1);
  for (const child of plan.children) operators(child, counts);
  return counts;
}

/** `WholeStageCodegen (3)` and `Scan parquet spark_catalog.db.t` without what is this run's own. */
function operator(name: string): string {
  return name
    .replace(/^(Scan \S+).*$/s, '$1')
    .replace(/ \(\d+\)$/, '')
    .trim();
}

function surplus(of: ReadonlyMap<string, number>, over: ReadonlyMap<string, number>): string[] {
  return [...of]
    .map(([name, count]) => [name, count - (over.get(name) ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([name, more]) => (more === 1 ? name : `${name} ×${more}`))
    .sort();
}

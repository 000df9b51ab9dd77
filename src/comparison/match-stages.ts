import type { RunDetail, SqlDetail, StageDetail } from '../documents/run-detail.ts';
import { matchByKeys, withoutNumbers, type Matching } from './match.ts';

/**
 * Pairs the first attempts of the stages of two runs: by query, name, what it does and what it comes after; else with less and less
 * of that, in the order in which they were submitted. Repeated attempts pair with nothing: they are failures, not work.
 *
 * Under adaptive execution most stages have the same name, so the query and what the stage reads and writes have to tell them apart.
 */
export function matchStages(before: RunDetail, after: RunDetail, queries: Matching<SqlDetail>): Matching<StageDetail> {
  const pairOfBefore = new Map(queries.pairs.map(([query], i) => [query.id, `pair ${i}`]));
  const pairOfAfter = new Map(queries.pairs.map(([, query], i) => [query.id, `pair ${i}`]));
  const queryBefore = queryOfStage(before, (id) => pairOfBefore.get(id) ?? `before ${id}`);
  const queryAfter = queryOfStage(after, (id) => pairOfAfter.get(id) ?? `after ${id}`);
  const depthBefore = depths(before.stages);
  const depthAfter = depths(after.stages);
  const query = (stage: StageDetail, isAfter: boolean): string =>
    (isAfter ? queryAfter : queryBefore).get(stage.stageId) ?? '';
  const depth = (stage: StageDetail, isAfter: boolean): number =>
    (isAfter ? depthAfter : depthBefore).get(stage.stageId) ?? 0;
  return matchByKeys(
    firstAttempts(before),
    firstAttempts(after),
    [
      (stage, isAfter) => `${query(stage, isAfter)}\n${nameOf(stage)}\n${kindOf(stage)}\n${depth(stage, isAfter)}`,
      (stage, isAfter) => `${query(stage, isAfter)}\n${nameOf(stage)}\n${kindOf(stage)}`,
      (stage) => `${nameOf(stage)}\n${kindOf(stage)}`,
      (stage, isAfter) => `${query(stage, isAfter)}\n${nameOf(stage)}`,
    ],
    bytesOf,
  );
}

function bytesOf({ sums }: StageDetail): number {
  return (sums['inputBytes'] ?? 0) + (sums['shuffleReadBytes'] ?? 0) + (sums['shuffleWriteBytes'] ?? 0);
}

/** Stages that ran, in the order in which they were submitted. */
function firstAttempts({ stages }: RunDetail): readonly StageDetail[] {
  return stages
    .filter(({ attemptId, submitted }) => attemptId === 0 && submitted !== undefined)
    .toSorted((a, b) => (a.submitted ?? 0) - (b.submitted ?? 0) || a.stageId - b.stageId);
}

function nameOf({ name }: StageDetail): string {
  return withoutNumbers(name.replace(/:\d+$/, ''));
}

/** What a stage reads and writes, as far as it did: the part of the plan it runs. */
function kindOf({ sums }: StageDetail): string {
  const does = [
    ['inputRecords', 'reads'],
    ['shuffleReadRecords', 'reads a shuffle'],
    ['shuffleWriteRecords', 'writes a shuffle'],
    ['outputRecords', 'writes'],
  ] as const;
  return does
    .filter(([sum]) => (sums[sum] ?? 0) > 0)
    .map(([, what]) => what)
    .join(', ');
}

function queryOfStage({ sql }: RunDetail, nameOfQuery: (id: number) => string): ReadonlyMap<number, string> {
  return new Map(sql.flatMap(({ id, stageIds }) => stageIds.map((stage) => [stage, nameOfQuery(id)] as const)));
}

/** How many stages stand before a stage, counted along its longest line of parents; skipped ones are not known and do not count. */
function depths(stages: readonly StageDetail[]): ReadonlyMap<number, number> {
  const byId = new Map(stages.map((stage) => [stage.stageId, stage]));
  const known = new Map<number, number>();
  // Parents have lower ids than their children, so each is known when it is asked for.
  for (const { stageId, parentIds } of stages.toSorted((a, b) => a.stageId - b.stageId)) {
    const before = parentIds.filter((id) => byId.has(id)).map((id) => (known.get(id) ?? 0) + 1);
    known.set(stageId, Math.max(0, ...before));
  }
  return known;
}

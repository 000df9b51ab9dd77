/** Facts of made-up runs: each test changes what its heuristic looks at, and nothing else. */
import { analyze, type AnalyzeOptions } from '../../src/analysis/analyze.ts';
import { factsOf, type StoredFacts } from '../../src/analysis/facts.ts';
import type { Finding } from '../../src/analysis/finding.ts';
import type { Heuristic } from '../../src/analysis/heuristic.ts';
import type { RunDetail, SqlDetail, SqlNode, StageDetail, TaskColumns } from '../../src/documents/run-detail.ts';
import { chainOfJobs, quantilesOf } from '../support/synthetic-run.ts';

export interface SampleOptions {
  readonly executors?: number;
  readonly cores?: number;
  readonly gapMs?: number;
  readonly tailMs?: number;
  readonly properties?: Readonly<Record<string, string>>;
  readonly sparkVersion?: string;
  readonly flags?: readonly string[];
  readonly attempt?: StoredFacts['attempt'];
  readonly change?: (detail: RunDetail) => RunDetail;
}

/** One job per stage, one after the other, on 2 executors of 2 cores; task times in milliseconds. */
export function sample(stages: readonly (readonly number[])[], options: SampleOptions = {}): StoredFacts {
  const { executors = 2, cores = 2, gapMs = 100, tailMs = 50, change = unchanged } = options;
  return {
    detail: change(chainOfJobs(stages, { executors, cores, gapMs, tailMs })),
    attempt: options.attempt,
    properties: options.properties ?? {},
    sparkVersion: options.sparkVersion ?? '4.0.1',
    flags: options.flags ?? [],
  };
}

function unchanged(detail: RunDetail): RunDetail {
  return detail;
}

export function findingsOf(
  heuristic: Heuristic,
  stored: StoredFacts,
  options: AnalyzeOptions = {},
): readonly Finding[] {
  const { findings, errors } = analyze(factsOf(stored), { ...options, heuristics: [heuristic] });
  if (errors[0] !== undefined) throw new Error(errors[0].message);
  return findings;
}

/** The same number of tasks, each as long as the others. */
export function even(tasks: number, ms: number): number[] {
  return new Array<number>(tasks).fill(ms);
}

export function changeStage(stageId: number, change: (stage: StageDetail) => Partial<StageDetail>) {
  return (detail: RunDetail): RunDetail => ({
    ...detail,
    stages: detail.stages.map((stage) => (stage.stageId === stageId ? { ...stage, ...change(stage) } : stage)),
  });
}

/** Sets columns of a stage's tasks, with their quantiles and sums. */
export function withColumns(stageId: number, columns: Partial<TaskColumns>) {
  return changeStage(stageId, (stage) => {
    const entries = Object.entries(columns) as [keyof TaskColumns, readonly number[]][];
    const quantiles = Object.fromEntries(entries.map(([name, values]) => [name, quantilesOf(values)]));
    const sums = Object.fromEntries(entries.map(([name, values]) => [name, values.reduce((a, b) => a + b, 0)]));
    return {
      tasks: { ...stage.tasks!, ...columns },
      quantiles: { ...stage.quantiles!, ...quantiles },
      sums: { ...stage.sums, ...sums },
    };
  });
}

/** A SQL execution over the given stages' jobs. */
export function withSql(plan: SqlNode, extra: Partial<SqlDetail> = {}) {
  return (detail: RunDetail): RunDetail => ({
    ...detail,
    jobs: detail.jobs.map((job) => ({ ...job, sqlExecutionId: 0 })),
    sql: [
      ...detail.sql,
      {
        id: detail.sql.length,
        description: 'a query',
        submitted: 900,
        ended: detail.lastEvent,
        failed: false,
        jobIds: detail.jobs.map(({ jobId }) => jobId),
        stageIds: detail.stages.map(({ stageId }) => stageId),
        plan,
        modifiedConfigs: {},
        ...extra,
      },
    ],
  });
}

export function node(
  name: string,
  metrics: Readonly<Record<string, number>> = {},
  children: readonly SqlNode[] = [],
  description = name,
): SqlNode {
  return { name, description, metrics, children };
}

export function all(...changes: readonly ((detail: RunDetail) => RunDetail)[]) {
  return (detail: RunDetail): RunDetail => changes.reduce((changed, change) => change(changed), detail);
}

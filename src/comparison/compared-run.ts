import { isToldByLog } from '../analysis/facts.ts';
import { jobsFromStages } from '../analysis/computed/jobs-from-stages.ts';
import type { AggregateDocument, ArrayAggregate, RawDocument } from '../documents/documents.ts';
import type { RunDetail, StageDetail } from '../documents/run-detail.ts';
import { runDetailFromRest } from '../simulation/rest-run.ts';
import { sparkPropertiesOf } from '../spark/property-text.ts';

/** What is stored of a run; the more, the more is told of a difference. */
export interface StoredRun {
  readonly aggregate: AggregateDocument;
  readonly raw?: RawDocument | undefined;
  readonly detail?: RunDetail | undefined;
}

/** How much is known of a run: its tasks and plan, its stages, or only sums over all of them. */
export type Knowledge = 'event-log' | 'history-server' | 'aggregates';

/** A run as the comparison sees it. */
export interface ComparedRun {
  readonly aggregate: AggregateDocument;
  readonly knowledge: Knowledge;
  /** Absent where only the aggregates are known. */
  readonly detail: RunDetail | undefined;
  /** Of a run without an end: up to the last thing known of it. */
  readonly durationMs: number;
  readonly properties: Readonly<Record<string, string>>;
}

export function comparedRun({ aggregate, raw, detail }: StoredRun): ComparedRun {
  const isFromLog = detail !== undefined && isToldByLog(detail);
  const known = isFromLog || raw === undefined ? detail : detailOfRest(raw);
  // A raw document without stages may be of a run that had none, or of a server that forgot them.
  const usable = isFromLog || (known?.stages.length ?? 0) > 0 ? known : undefined;
  const { attempt } = aggregate;
  return {
    aggregate,
    knowledge: usable === undefined ? 'aggregates' : isFromLog ? 'event-log' : 'history-server',
    detail: usable,
    durationMs: Math.max(0, attempt.duration ?? usable?.applicationEnd ?? usable?.lastEvent ?? 0),
    properties: sparkPropertiesOf((attempt.environment['sparkProperties'] ?? {}) as Readonly<Record<string, unknown>>),
  };
}

/** The sum of a column of the aggregate; undefined where the column is not there or empty. */
export function sumOf(array: ArrayAggregate, column: string): number | undefined {
  const aggregate = array[column];
  if (typeof aggregate !== 'object' || !('count_not_null' in aggregate)) return undefined;
  return aggregate.count_not_null === 0 ? undefined : Number(aggregate.sum);
}

/** The simulation reads few sums of a stage's row; a comparison wants all of them. */
function detailOfRest(raw: RawDocument): RunDetail {
  const [attempt] = raw.attempts;
  const { allexecutors, stages, jobs = jobsFromStages(stages) } = attempt;
  const detail = runDetailFromRest({ attempt, allexecutors, stages, jobs });
  const rows = new Map(stages.map((row) => [`${Number(row['stageId'])}/${Number(row['attemptId'])}`, row]));
  return {
    ...detail,
    stages: detail.stages.map((stage): StageDetail => {
      const row = rows.get(`${stage.stageId}/${stage.attemptId}`) ?? {};
      const numbers = Object.entries(row).flatMap(([name, value]) =>
        typeof value === 'number' || typeof value === 'bigint' ? [[name, Number(value)] as const] : [],
      );
      return { ...stage, sums: { ...Object.fromEntries(numbers), ...stage.sums } };
    }),
  };
}

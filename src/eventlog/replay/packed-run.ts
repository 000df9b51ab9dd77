import type { JobDetail, SqlDetail, StageDetail } from '../../documents/run-detail.ts';
import type { ExecutionData, JobData, StageData } from '../../spark/rest.ts';
import type { ToldDetail } from './detail/run-detail-builder.ts';
import { packRows, type PackedRows, unpackRows } from './packed-rows.ts';
import type { ReplayedRun } from './replayed-run.ts';

export type RunHead = Omit<ReplayedRun, 'stages' | 'jobs' | 'sql' | 'detail'>;

/** A run whose long lists are made as they are taken. */
export interface ToldRun {
  readonly head: RunHead;
  readonly stages: Iterable<StageData>;
  readonly jobs: Iterable<JobData>;
  readonly sql: Iterable<ExecutionData>;
  readonly detail: ToldDetail;
}

/** A {@link ReplayedRun} on its way to another thread: plain data, a tenth of the size. */
export interface PackedRun {
  readonly head: RunHead;
  readonly detailHead: ToldDetail['head'];
  readonly stages: PackedRows<StageData>;
  readonly jobs: PackedRows<JobData>;
  readonly sql: PackedRows<ExecutionData>;
  readonly detailJobs: PackedRows<JobDetail>;
  readonly detailStages: PackedRows<StageDetail>;
  readonly detailSql: PackedRows<SqlDetail>;
}

/** Never is all of the run there as objects. */
export function packRun({ head, detail, stages, jobs, sql }: ToldRun): PackedRun {
  return {
    head,
    detailHead: detail.head,
    stages: packRows(stages),
    jobs: packRows(jobs),
    sql: packRows(sql),
    detailJobs: packRows(detail.jobs),
    detailStages: packRows(detail.stages),
    detailSql: packRows(detail.sql),
  };
}

/**
 * The run that was packed, equal to what `LogReplay.finish` gives.
 *
 * Jobs and SQL executions are unpacked when they are asked for: who makes documents of the run never does.
 */
export function unpackRun({ head, detailHead, stages, jobs, sql, ...detail }: PackedRun): ReplayedRun {
  let unpackedJobs: readonly JobData[] | undefined;
  let unpackedSql: readonly ExecutionData[] | undefined;
  return {
    ...head,
    stages: unpackRows(stages),
    get jobs() {
      return (unpackedJobs ??= unpackRows(jobs));
    },
    get sql() {
      return (unpackedSql ??= unpackRows(sql));
    },
    detail: {
      ...detailHead,
      jobs: unpackRows(detail.detailJobs),
      stages: unpackRows(detail.detailStages),
      sql: unpackRows(detail.detailSql),
    },
  };
}

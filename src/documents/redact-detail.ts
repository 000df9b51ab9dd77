import type { RunDetail } from './run-detail.ts';

/**
 * The detail document without secrets: names, reasons, descriptions, plans and properties are text of the run.
 *
 * The columns of tasks hold numbers only and are not walked through.
 *
 * @param deep - takes secrets out of any plain JSON and gives the same object back where there are none
 */
export function redactDetail(detail: RunDetail, deep: <T>(value: T) => T): RunDetail {
  return {
    ...detail,
    executors: deep(detail.executors),
    jobs: deep(detail.jobs),
    stages: detail.stages.map(({ tasks, quantiles, ...told }) => ({
      ...deep(told),
      ...(quantiles === undefined ? {} : { quantiles }),
      ...(tasks === undefined ? {} : { tasks }),
    })),
    sql: deep(detail.sql),
    failures: deep(detail.failures),
    perExecutor: deep(detail.perExecutor),
    perHost: deep(detail.perHost),
    quality: deep(detail.quality),
  };
}

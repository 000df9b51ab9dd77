import type { ApplicationEnvironmentInfo, ExecutionData, ExecutorSummary, JobData, StageData } from '../spark/rest.ts';
import type { RunDetail } from './run-detail.ts';

/** What a source tells of one attempt, in Spark's own shapes (`sources/run-source.ts` promises exactly these). */
export interface RunParts {
  readonly allexecutors: readonly ExecutorSummary[];
  readonly stages: readonly StageData[];
  readonly environment: ApplicationEnvironmentInfo;
  readonly jobs?: readonly JobData[] | undefined;
  readonly sql?: readonly ExecutionData[] | undefined;
  readonly detail?: RunDetail | undefined;
}

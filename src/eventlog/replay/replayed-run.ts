import type { RunDetail } from '../../documents/run-detail.ts';
import type {
  ApplicationEnvironmentInfo,
  ApplicationInfo,
  ExecutionData,
  ExecutorSummary,
  JobData,
  StageData,
} from '../../spark/rest.ts';
import type { RunHistoryParts } from './history/stage-history.ts';
import type { RddStorageInfo } from './storage.ts';

/** A run as the History Server would tell it, and what only the log tells. Plain data. */
export interface ReplayedRun {
  /** With this attempt alone; `undefined` where the log does not even name its application. */
  readonly application: ApplicationInfo | undefined;
  /** `undefined` where the log ends before the environment is told. */
  readonly environment: ApplicationEnvironmentInfo | undefined;
  readonly allexecutors: readonly ExecutorSummary[];
  readonly stages: readonly StageData[];
  readonly jobs: readonly JobData[];
  readonly sql: readonly ExecutionData[];
  readonly storageRdd: readonly RddStorageInfo[];
  readonly detail: RunDetail;
  /** Only where `ReplayOptions.history` asks for it. */
  readonly history?: RunHistoryParts | undefined;
}

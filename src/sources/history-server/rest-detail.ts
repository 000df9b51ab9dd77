import type { RunDetail } from '../../documents/run-detail.ts';
import { QUANTILES } from '../../documents/run-detail.ts';
import { runDetailFromRest } from '../../simulation/rest-run.ts';
import type { ApplicationAttemptInfo, ExecutorSummary, StageData } from '../../spark/rest.ts';
import { SourceError } from '../../util/errors.ts';
import type { HistoryServerClient } from './client.ts';
import { checkJobs, checkTaskSummary } from './schema.ts';

type Summary = Readonly<Record<string, unknown>>;

/**
 * What the server tells about the tasks of a run without its event log: its jobs, and the quantiles of each stage.
 *
 * One request for the jobs and one for each stage attempt with a completed task, one after the other.
 *
 * @param path - of the attempt, as the other questions about it have it
 * @throws SourceError as the client does; a stage without a summary (404) simply has none
 */
export async function fetchRestDetail(
  client: HistoryServerClient,
  path: string,
  run: {
    readonly attempt: ApplicationAttemptInfo;
    readonly allexecutors: readonly ExecutorSummary[];
    readonly stages: readonly StageData[];
  },
  signal: AbortSignal | undefined,
): Promise<RunDetail> {
  const jobs = await client.getJson(`${path}/jobs`, { question: 'run', check: checkJobs, signal });
  const summaries = new Map<string, Summary>();
  for (const { stageId, attemptId, numCompleteTasks } of run.stages) {
    if (numCompleteTasks === 0) continue;
    const stage = `${stageId}/${attemptId}`;
    const summary = await summaryOf(
      client,
      `${path}/stages/${stage}/taskSummary?quantiles=${QUANTILES.join(',')}`,
      signal,
    );
    if (summary !== undefined) summaries.set(stage, summary);
  }
  const taskSummary = (stageId: number, attemptId: number): Summary | undefined =>
    summaries.get(`${stageId}/${attemptId}`);
  return runDetailFromRest({ ...run, jobs, taskSummary });
}

async function summaryOf(
  client: HistoryServerClient,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Summary | undefined> {
  try {
    return await client.getJson(path, { question: 'run', check: checkTaskSummary, signal });
  } catch (error) {
    // No task of the stage succeeded with metrics: the server has nothing to sum up.
    if (error instanceof SourceError && error.code === 'SOURCE_RUN_VANISHED') return undefined;
    throw error;
  }
}

import { detailedStage, type StageDetailOptions } from '../../../eventlog/replay/history/stage-history.ts';
import type { StageData } from '../../../spark/rest.ts';
import { JsonElements } from '../../../util/json-stream.ts';
import type { RunRequest } from '../request.ts';
import { notFound, refused } from '../rest-error.ts';
import type { HistoryRun } from '../run-history.ts';
import { defineRoute } from './route.ts';
import { TASK_STATUSES, tooManyTasks } from './task-words.ts';

const STAGE_STATUSES = ['ACTIVE', 'COMPLETE', 'FAILED', 'PENDING', 'SKIPPED'] as const;

/** All stage attempts, the newest first. */
export const stagesRoute = defineRoute('stages', async (request) => {
  const statuses = request.query.words('status', STAGE_STATUSES);
  const options = { ...detailOptions(request, { details: false }), quantiles: quantilesOf(request) };
  const run = await request.run();
  const stages = run.stages.filter(({ status }) => statuses.length === 0 || statuses.includes(status));
  if (!options.details || options.taskStatuses.length === 0) return answer(run, stages, options);
  if (options.taskStatuses.includes('')) throw refused('taskStatus is empty');
  const has = (stage: StageData): boolean => options.taskStatuses.some((status) => countOf(stage, status) > 0);
  return answer(run, stages.filter(has), options);
});

/** The attempts of a stage, the oldest first. */
export const stageRoute = defineRoute('stages/#stageId', async (request) => {
  const id = request.id('stageId');
  const options = detailOptions(request, { details: true });
  const run = await request.run();
  const quantiles = quantilesOf(request);
  const attempts = attemptsOf(run, id);
  if (attempts.length === 0) throw notFound(`unknown stage: ${id}`);
  return answer(run, attempts, { ...options, quantiles });
});

export const stageAttemptRoute = defineRoute('stages/#stageId/#attemptId', async (request) => {
  const [id, attemptId] = [request.id('stageId'), request.id('attemptId')];
  const options = detailOptions(request, { details: true });
  const run = await request.run();
  const quantiles = quantilesOf(request);
  const attempts = attemptsOf(run, id);
  const attempt = attempts.find((one) => one.attemptId === attemptId);
  if (attempt === undefined) {
    const found = attempts.map((one) => one.attemptId).join(',');
    throw notFound(
      found === '' ? `unknown stage: ${id}` : `unknown attempt for stage ${id}.  Found attempts: [${found}]`,
    );
  }
  return withDetails(run, attempt, { ...options, quantiles });
});

function detailOptions(
  { query }: RunRequest,
  defaults: { readonly details: boolean },
): Omit<StageDetailOptions, 'quantiles'> {
  return {
    details: query.boolean('details', defaults.details),
    withSummaries: query.boolean('withSummaries', false),
    taskStatuses: query.words('taskStatus', TASK_STATUSES),
  };
}

/** Of one stage the server reads them only once it has found the application. */
function quantilesOf({ query }: RunRequest): readonly number[] {
  return query.doubles('quantiles', '0.0,0.25,0.5,0.75,1.0');
}

function attemptsOf(run: HistoryRun, id: number): StageData[] {
  return run.stages.filter(({ stageId }) => stageId === id).reverse();
}

/** One stage after the other is made when its turn comes: a run may have a million tasks. */
function answer(run: HistoryRun, stages: readonly StageData[], options: StageDetailOptions): JsonElements {
  function* each(): Generator<StageData> {
    for (const stage of stages) yield withDetails(run, stage, options);
  }
  return new JsonElements(each());
}

function withDetails(run: HistoryRun, stage: StageData, options: StageDetailOptions): StageData {
  if (!options.details && !options.withSummaries) return stage;
  const kept = run.history.stages.find(
    ({ stageId, attemptId }) => stageId === stage.stageId && attemptId === stage.attemptId,
  );
  if (kept?.tasks === 'too-large') throw tooManyTasks(stage.stageId, stage.attemptId);
  if (options.details && options.taskStatuses.includes('')) throw refused('taskStatus is empty');
  try {
    return detailedStage(stage, kept, options, { allexecutors: run.allexecutors, dialect: run.history.dialect });
  } catch (error) {
    throw error instanceof RangeError ? refused(error.message) : error;
  }
}

function countOf(stage: StageData, status: string): number {
  switch (status) {
    case 'FAILED':
      return stage.numFailedTasks;
    case 'KILLED':
      return stage.numKilledTasks;
    case 'RUNNING':
      return stage.numActiveTasks;
    case 'SUCCESS':
      return stage.numCompleteTasks;
    default:
      return (
        stage.numTasks - stage.numFailedTasks - stage.numKilledTasks - stage.numActiveTasks - stage.numCompleteTasks
      );
  }
}

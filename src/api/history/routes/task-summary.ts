import { taskSummary } from '../../../eventlog/replay/history/task-summary.ts';
import { notFound } from '../rest-error.ts';
import { defineRoute } from './route.ts';
import { tasksOf } from './task-words.ts';

/** Quantiles of every metric of the tasks of a stage attempt. */
export const taskSummaryRoute = defineRoute('stages/#stageId/#attemptId/taskSummary', async (request) => {
  const [stageId, attemptId] = [request.id('stageId'), request.id('attemptId')];
  const run = await request.run();
  const quantiles = request.query.doubles('quantiles', '0.05,0.25,0.5,0.75,0.95');
  const table = tasksOf(run, stageId, attemptId);
  const summary = table === undefined ? undefined : taskSummary(table, quantiles);
  if (summary === undefined) throw notFound(`No tasks reported metrics for ${stageId} / ${attemptId} yet.`);
  return summary;
});

import { logsOf } from '../../../eventlog/replay/history/task-data.ts';
import { taskList } from '../../../eventlog/replay/history/task-list.ts';
import { JsonElements } from '../../../util/json-stream.ts';
import { refused } from '../rest-error.ts';
import { defineRoute } from './route.ts';
import { TASK_STATUSES, tasksOf } from './task-words.ts';

const SORTINGS = ['ID', 'INCREASING_RUNTIME', 'DECREASING_RUNTIME'] as const;
const OTHER_WORDS = new Map([
  ['runtime', 'INCREASING_RUNTIME'],
  ['-runtime', 'DECREASING_RUNTIME'],
] as const);

/** Tasks of a stage attempt, twenty unless told; none for an attempt that is unknown. */
export const taskListRoute = defineRoute('stages/#stageId/#attemptId/taskList', async (request) => {
  const [stageId, attemptId] = [request.id('stageId'), request.id('attemptId')];
  const { query } = request;
  const options = {
    offset: query.int('offset', 0),
    length: query.int('length', 20),
    sortBy: query.word('sortBy', SORTINGS, 'ID', OTHER_WORDS),
    statuses: query.words('status', TASK_STATUSES),
  };
  const run = await request.run();
  if (options.statuses.includes('')) throw refused('status is empty');
  if (options.statuses.length === 0 && options.length <= 0) throw refused('length must be positive');
  const table = tasksOf(run, stageId, attemptId);
  return new JsonElements(table === undefined ? [] : taskList(table, options, logsOf(run.allexecutors)));
});

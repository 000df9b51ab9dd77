import type { RunRequest } from '../request.ts';
import { notFound, refused, RestError } from '../rest-error.ts';
import { defineRoute, type RunRoute } from './route.ts';

/** What an event log does not tell, as Spark's server refuses it too. */
export const liveRoutes: readonly RunRoute[] = [
  defineRoute('executors/:executorId/threads', (request) => {
    refuseThreads(request, request.param('executorId'));
  }),
  defineRoute('threads', (request) => {
    request.query.int('taskId', 0);
    const executorId = request.query.text('executorId');
    if (executorId === undefined) throw refused('executorId is missing');
    refuseThreads(request, executorId);
  }),
  ...['statistics', 'receivers', 'receivers/#streamId', 'batches', 'batches/#batchId'].map((page) =>
    defineRoute(`streaming/${page}`, (request) => {
      throw notFound(`no streaming listener attached to ${request.applicationName()}`);
    }),
  ),
];

function refuseThreads(request: RunRequest, executorId: string): never {
  if (!/^(driver|\d*)$/.test(executorId)) {
    throw new RestError(400, "Invalid executorId: neither 'driver' nor number.");
  }
  request.applicationName();
  throw new RestError(503, 'Thread dumps not available through the history server.');
}

/** What Spark's server has and this one has not. */
export const missingRoutes: readonly RunRoute[] = [
  defineRoute('logs', (request) => {
    request.applicationName();
    throw new RestError(501, 'Event logs are not given out: take them from the folder they are served from.');
  }),
  defineRoute('stages/#stageId/#attemptId/taskTable', (request) => {
    request.applicationName();
    throw new RestError(501, "taskTable is for the pages of Spark's own server: ask for taskList.");
  }),
];

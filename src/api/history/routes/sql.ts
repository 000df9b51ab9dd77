import type { ExecutionData } from '../../../spark/rest.ts';
import { parseRestTime } from '../../../spark/rest-time.ts';
import type { RunRequest } from '../request.ts';
import { notFound, refused } from '../rest-error.ts';
import { defineRoute } from './route.ts';

/** SQL executions by id, twenty unless told. */
export const sqlListRoute = defineRoute('sql', async (request) => {
  const show = shownParts(request);
  const offset = Math.max(0, request.query.int('offset', 0));
  const length = request.query.int('length', 20);
  const { sql } = await request.run();
  if (length <= 0) throw refused('length must be positive');
  return sql.slice(offset, offset + length).map(show);
});

export const sqlRoute = defineRoute('sql/#executionId', async (request) => {
  const show = shownParts(request);
  const id = request.id('executionId', Number.MAX_SAFE_INTEGER);
  const execution = (await request.run()).sql.find((one) => one.id === id);
  if (execution === undefined) throw notFound(`unknown query execution id: ${id}`);
  return show(execution);
});

/** Nodes and edges of the plan, and its text, may be left out; the time of one that runs goes on. */
function shownParts({ query, now }: RunRequest): (execution: ExecutionData) => ExecutionData {
  const details = query.boolean('details', true);
  const planDescription = query.boolean('planDescription', true);
  return (execution) => ({
    ...execution,
    ...(planDescription ? {} : { planDescription: '' }),
    ...(execution.status === 'RUNNING'
      ? { duration: now.getTime() - (parseRestTime(execution.submissionTime) ?? 0) }
      : {}),
    ...(details ? {} : { nodes: [], edges: [] }),
  });
}

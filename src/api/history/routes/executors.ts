import type { ExecutorSummary } from '../../../spark/rest.ts';
import type { HistoryRun } from '../run-history.ts';
import { defineRoute } from './route.ts';

const DRIVER = 'driver';

/** All that ever were, by id. */
export const allExecutorsRoute = defineRoute('allexecutors', async (request) =>
  executorsOf(await request.run(), request.now),
);

/** Those that were never removed, in the opposite order. */
export const executorsRoute = defineRoute('executors', async (request) =>
  executorsOf(await request.run(), request.now)
    .filter(({ isActive }) => isActive)
    .reverse(),
);

/** Processes that are no executors, such as the YARN application master. */
export const processesRoute = defineRoute(
  'allmiscellaneousprocess',
  async (request) => (await request.run()).history.processes,
);

/** While the application has no end, the driver's time runs on. */
function executorsOf({ application, allexecutors }: HistoryRun, now: Date): ExecutorSummary[] {
  const [attempt] = application?.attempts ?? [];
  if (attempt === undefined || attempt.completed) return [...allexecutors];
  const totalDuration = now.getTime() - attempt.startTimeEpoch;
  return allexecutors.map((executor) => (executor.id === DRIVER ? { ...executor, totalDuration } : executor));
}

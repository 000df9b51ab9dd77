import { environmentRoute } from './environment.ts';
import { allExecutorsRoute, executorsRoute, processesRoute } from './executors.ts';
import { jobRoute, jobsRoute } from './jobs.ts';
import { liveRoutes, missingRoutes } from './not-served.ts';
import type { RunRoute } from './route.ts';
import { sqlListRoute, sqlRoute } from './sql.ts';
import { stageAttemptRoute, stageRoute, stagesRoute } from './stages.ts';
import { rddRoute, storageRoute } from './storage.ts';
import { taskListRoute } from './task-list.ts';
import { taskSummaryRoute } from './task-summary.ts';

/** Every page about an attempt, `/applications/ID[/ATTEMPT]/…`. */
export const runRoutes: readonly RunRoute[] = [
  environmentRoute,
  executorsRoute,
  allExecutorsRoute,
  processesRoute,
  jobsRoute,
  jobRoute,
  stagesRoute,
  stageRoute,
  stageAttemptRoute,
  taskSummaryRoute,
  taskListRoute,
  sqlListRoute,
  sqlRoute,
  storageRoute,
  rddRoute,
  ...liveRoutes,
  ...missingRoutes,
];

import type { Heuristic } from '../heuristic.ts';
import { driverBound } from './driver-bound.ts';
import { failedJobs } from './failed-jobs.ts';
import { failedTasks } from './failed-tasks.ts';
import { gcPressure } from './gc-pressure.ts';
import { idleExecutors } from './idle-executors.ts';
import { lostExecutors } from './lost-executors.ts';
import { runQuality } from './run-quality.ts';
import { slowHost } from './slow-host.ts';
import { spill } from './spill.ts';
import { streamingBatches } from './streaming-batches.ts';
import { taskSkew } from './task-skew.ts';
import { tinyTasks } from './tiny-tasks.ts';

/** All heuristics. Among findings as bad as each other, and saving as much, the earlier one stands first. */
export const HEURISTICS: readonly Heuristic[] = [
  failedJobs,
  lostExecutors,
  failedTasks,
  streamingBatches,
  taskSkew,
  slowHost,
  spill,
  gcPressure,
  tinyTasks,
  idleExecutors,
  driverBound,
  runQuality,
];

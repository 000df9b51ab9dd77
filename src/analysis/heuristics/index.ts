import type { Heuristic } from '../heuristic.ts';
import { cachedData } from './cached-data.ts';
import { coldStart } from './cold-start.ts';
import { driverBound } from './driver-bound.ts';
import { driverMemory } from './driver-memory.ts';
import { dynamicAllocation } from './dynamic-allocation.ts';
import { executorMemory } from './executor-memory.ts';
import { explodingJoin } from './exploding-join.ts';
import { failedJobs } from './failed-jobs.ts';
import { failedTasks } from './failed-tasks.ts';
import { fewPartitions } from './few-partitions.ts';
import { gcPressure } from './gc-pressure.ts';
import { idleExecutors } from './idle-executors.ts';
import { largeBroadcast } from './large-broadcast.ts';
import { largePartitions } from './large-partitions.ts';
import { locality } from './locality.ts';
import { lostExecutors } from './lost-executors.ts';
import { memoryOverhead } from './memory-overhead.ts';
import { missedBroadcast } from './missed-broadcast.ts';
import { missingPushdown } from './missing-pushdown.ts';
import { properties } from './properties.ts';
import { pythonCost } from './python-cost.ts';
import { repeatedPlans } from './repeated-plans.ts';
import { runQuality } from './run-quality.ts';
import { shuffleHeavy } from './shuffle-heavy.ts';
import { slowHost } from './slow-host.ts';
import { smallFiles } from './small-files.ts';
import { speculationWaste } from './speculation-waste.ts';
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
  explodingJoin,
  tinyTasks,
  fewPartitions,
  largePartitions,
  idleExecutors,
  driverBound,
  coldStart,
  smallFiles,
  missedBroadcast,
  largeBroadcast,
  missingPushdown,
  repeatedPlans,
  pythonCost,
  shuffleHeavy,
  locality,
  speculationWaste,
  cachedData,
  executorMemory,
  memoryOverhead,
  driverMemory,
  dynamicAllocation,
  properties,
  runQuality,
];

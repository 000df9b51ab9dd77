import type {
  ApplicationEnvironmentInfo,
  ApplicationInfo,
  ExecutorSummary,
  JobData,
  StageData,
} from '../../spark/rest.ts';

/**
 * What the server's answers must be for Spot to work with them: exact about the keys `spark/rest.ts` names,
 * permissive about all others.
 *
 * An optional key that is `null` counts as absent and is removed; Spark leaves such keys out, other writers may not.
 */
type Kind = 'text' | 'number' | 'long' | 'flag' | 'time' | 'list' | 'object';
type Shape = readonly (readonly [key: string, kind: Kind, need?: 'optional'])[];

const ATTEMPT: Shape = [
  ['attemptId', 'text', 'optional'],
  ['startTime', 'time'],
  ['endTime', 'time'],
  ['lastUpdated', 'time'],
  ['duration', 'number'],
  ['sparkUser', 'text'],
  ['completed', 'flag'],
  ['appSparkVersion', 'text'],
  ['startTimeEpoch', 'number'],
  ['endTimeEpoch', 'number'],
  ['lastUpdatedEpoch', 'number'],
];
const APPLICATION: Shape = [
  ['id', 'text'],
  ['name', 'text'],
  ['attempts', 'list'],
];
const EXECUTOR: Shape = [
  ['id', 'text'],
  ['hostPort', 'text'],
  ['isActive', 'flag'],
  ['totalCores', 'number'],
  ['maxTasks', 'number'],
  ['addTime', 'time'],
  ['removeTime', 'time', 'optional'],
  ['removeReason', 'text', 'optional'],
  ['maxMemory', 'long'],
  ['totalDuration', 'long'],
  ['totalGCTime', 'long'],
  ['totalInputBytes', 'long'],
  ['totalShuffleRead', 'long'],
  ['totalShuffleWrite', 'long'],
  ['failedTasks', 'number'],
  ['completedTasks', 'number'],
  ['totalTasks', 'number'],
  ['memoryMetrics', 'object', 'optional'],
  ['peakMemoryMetrics', 'object', 'optional'],
];
const JOB: Shape = [
  ['jobId', 'number'],
  ['name', 'text'],
  ['submissionTime', 'time', 'optional'],
  ['completionTime', 'time', 'optional'],
  ['stageIds', 'list'],
  ['jobGroup', 'text', 'optional'],
  ['status', 'text'],
  ['numTasks', 'number'],
];
const TASK_SUMMARY: Shape = [
  ['quantiles', 'list'],
  ['executorRunTime', 'list'],
];
const STAGE: Shape = [
  ['status', 'text'],
  ['stageId', 'number'],
  ['attemptId', 'number'],
  ['numTasks', 'number'],
  ['numActiveTasks', 'number'],
  ['numCompleteTasks', 'number'],
  ['numFailedTasks', 'number'],
  ['numKilledTasks', 'number'],
  ['submissionTime', 'time', 'optional'],
  ['firstTaskLaunchedTime', 'time', 'optional'],
  ['completionTime', 'time', 'optional'],
  ['failureReason', 'text', 'optional'],
  ['executorRunTime', 'long'],
  ['executorCpuTime', 'long'],
  ['jvmGcTime', 'long', 'optional'],
  ['memoryBytesSpilled', 'long'],
  ['diskBytesSpilled', 'long'],
  ['inputBytes', 'long'],
  ['inputRecords', 'long'],
  ['outputBytes', 'long'],
  ['outputRecords', 'long'],
  ['shuffleReadBytes', 'long'],
  ['shuffleReadRecords', 'long'],
  ['shuffleWriteBytes', 'long'],
  ['shuffleWriteRecords', 'long'],
  ['name', 'text'],
  ['description', 'text', 'optional'],
  ['details', 'text', 'optional'],
  ['schedulingPool', 'text'],
  ['rddIds', 'list'],
];
const ENVIRONMENT: Shape = [
  ['runtime', 'object'],
  ['sparkProperties', 'list'],
  ['hadoopProperties', 'list', 'optional'],
  ['systemProperties', 'list', 'optional'],
  ['metricsProperties', 'list', 'optional'],
  ['classpathEntries', 'list', 'optional'],
  ['resourceProfiles', 'list', 'optional'],
];
const PROPERTY_LISTS = [
  'sparkProperties',
  'hadoopProperties',
  'systemProperties',
  'metricsProperties',
  'classpathEntries',
] as const;

const REST_TIME = /^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}GMT$/;

/** The well-formed entries of a list of applications, and what is wrong with the first that is not. */
export interface CheckedApplications {
  readonly good: readonly ApplicationInfo[];
  readonly firstFault: Error | undefined;
}

/** @throws Error when the answer is no list; a malformed entry is told, so that it does not hide the others */
export function checkApplications(answer: unknown): CheckedApplications {
  if (!Array.isArray(answer)) throw wrong('the list of applications', 'an array', answer);
  let firstFault: Error | undefined;
  const good = answer.filter((entry: unknown, index): entry is ApplicationInfo => {
    try {
      checkApplication(entry, `applications[${index}]`);
      return true;
    } catch (error) {
      firstFault ??= error as Error;
      return false;
    }
  });
  return { good, firstFault };
}

/** @throws Error that names the first key that is not as it should be */
export function checkExecutors(answer: unknown): readonly ExecutorSummary[] {
  return checkList(answer, 'allexecutors', EXECUTOR) as readonly ExecutorSummary[];
}

/** @throws Error that names the first key that is not as it should be */
export function checkStages(answer: unknown): readonly StageData[] {
  return checkList(answer, 'stages', STAGE) as readonly StageData[];
}

/** @throws Error that names the first key that is not as it should be */
export function checkJobs(answer: unknown): readonly JobData[] {
  return checkList(answer, 'jobs', JOB) as readonly JobData[];
}

/** @throws Error that names the first key that is not as it should be */
export function checkTaskSummary(answer: unknown): Readonly<Record<string, unknown>> {
  return checkObject(answer, 'taskSummary', TASK_SUMMARY);
}

/** @throws Error that names the first key that is not as it should be */
export function checkEnvironment(answer: unknown): ApplicationEnvironmentInfo {
  const environment = checkObject(answer, 'environment', ENVIRONMENT);
  for (const name of PROPERTY_LISTS) {
    const list = environment[name];
    if (Array.isArray(list)) checkPairs(list, name);
  }
  return environment as ApplicationEnvironmentInfo;
}

function checkApplication(entry: unknown, where: string): void {
  const application = checkObject(entry, where, APPLICATION);
  checkList(application['attempts'], `${where}.attempts`, ATTEMPT);
}

function checkPairs(list: readonly unknown[], where: string): void {
  for (const [index, pair] of list.entries()) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string' || typeof pair[1] !== 'string') {
      throw wrong(`${where}[${index}]`, 'a pair of texts', pair);
    }
  }
}

function checkList(value: unknown, where: string, shape: Shape): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(where, 'an array', value);
  for (let index = 0; index < value.length; index++) checkObject(value[index], where, shape, index);
  return value as readonly unknown[];
}

function checkObject(value: unknown, where: string, shape: Shape, index?: number): Record<string, unknown> {
  const path = (key: string): string => `${where}${index === undefined ? '' : `[${index}]`}${key}`;
  if (!isObject(value)) throw wrong(path(''), 'an object', value);

  for (const [key, kind, need] of shape) {
    const found = value[key];
    if (need === 'optional' && (found === undefined || found === null)) {
      if (found === null) Reflect.deleteProperty(value, key);
    } else if (!fits(found, kind)) {
      throw wrong(path(`.${key}`), KIND_WORDS[kind], found);
    }
  }
  return value;
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'long':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'flag':
      return typeof value === 'boolean';
    case 'time':
      return typeof value === 'string' && REST_TIME.test(value);
    case 'list':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
  }
}

const KIND_WORDS: Readonly<Record<Kind, string>> = {
  text: 'a text',
  number: 'a number',
  long: 'a number',
  flag: 'true or false',
  time: 'a time like 2026-11-21T08:13:31.928GMT',
  list: 'an array',
  object: 'an object',
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Tells what kind of thing was found, never the thing itself: it may be a secret. */
function wrong(where: string, wanted: string, found: unknown): Error {
  const kind =
    found === undefined ? 'missing' : found === null ? 'null' : Array.isArray(found) ? 'an array' : `a ${typeof found}`;
  return new Error(`${where} is ${kind}, but should be ${wanted}`);
}

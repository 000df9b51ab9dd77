/** The fields of the History Server's objects that hold a time, each as `yyyy-MM-dd'T'HH:mm:ss.SSS'GMT'`. */
export const ATTEMPT_TIMES: readonly string[] = ['startTime', 'endTime', 'lastUpdated'];
export const EXECUTOR_TIMES: readonly string[] = ['addTime', 'removeTime'];
export const STAGE_TIMES: readonly string[] = ['submissionTime', 'firstTaskLaunchedTime', 'completionTime'];
export const JOB_TIMES: readonly string[] = ['submissionTime', 'completionTime'];
export const SQL_TIMES: readonly string[] = ['submissionTime'];

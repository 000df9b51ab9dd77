import type { TaskTable } from '../../../eventlog/replay/history/task-table.ts';
import { RestError } from '../rest-error.ts';
import type { HistoryRun } from '../run-history.ts';

export const TASK_STATUSES = ['RUNNING', 'KILLED', 'FAILED', 'SUCCESS', 'UNKNOWN'] as const;

/** @returns `undefined` for an unknown stage attempt, and one without tasks. @throws RestError 503 */
export function tasksOf(run: HistoryRun, stageId: number, attemptId: number): TaskTable | undefined {
  const stage = run.history.stages.find((one) => one.stageId === stageId && one.attemptId === attemptId);
  if (stage?.tasks === 'too-large') throw tooManyTasks(stageId, attemptId);
  return stage?.tasks;
}

export function tooManyTasks(stageId: number, attemptId: number): RestError {
  return new RestError(503, `The run has too many tasks to keep: those of ${stageId} / ${attemptId} are not kept.`);
}

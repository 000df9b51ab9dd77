import { RUN_TIME } from '../task-metrics.ts';
import { valueAt } from './packed-column.ts';
import { storedMetric } from './stored-metric.ts';
import type { LogsOf, TaskData } from './task-data.ts';
import { taskData } from './task-data.ts';
import type { TaskTable } from './task-table.ts';
import { stateAt } from './task-table.ts';

export type TaskSorting = 'ID' | 'INCREASING_RUNTIME' | 'DECREASING_RUNTIME';

export interface TaskListOptions {
  /** Below zero it is zero. */
  readonly offset: number;
  readonly length: number;
  readonly sortBy: TaskSorting;
  /** All, when there is none. */
  readonly statuses: readonly string[];
}

/** A page of the tasks, made one at a time; of equal run times the lower id counts as less. */
export function* taskList(
  table: TaskTable,
  { offset, length, sortBy, statuses }: TaskListOptions,
  executorLogs: LogsOf,
): Generator<TaskData, void> {
  const rows = sortedRows(table, sortBy).filter(
    (row) => statuses.length === 0 || statuses.includes(stateAt(table, row)),
  );
  const from = Math.max(0, offset);
  // With a filter the server adds the two as 32-bit numbers and may come out below zero.
  const end = statuses.length === 0 ? from + length : Math.max(0, (offset + length) | 0);
  for (const row of rows.slice(from, end)) yield taskData(table, row, executorLogs);
}

/** All tasks with their ids, as `StageData.tasks` has them. */
export function* tasksById(
  table: TaskTable,
  statuses: readonly string[],
  executorLogs: LogsOf,
): Generator<readonly [taskId: string, task: TaskData], void> {
  const everything = { offset: 0, length: 2 ** 31 - 1, sortBy: 'ID', statuses } as const;
  for (const task of taskList(table, everything, executorLogs)) yield [String(task.taskId), task];
}

function sortedRows(table: TaskTable, sortBy: TaskSorting): number[] {
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  const byId = (a: number, b: number): number => valueAt(table.taskId, a) - valueAt(table.taskId, b);
  if (sortBy === 'ID') return rows.sort(byId);
  const runTimes = rows.map((row) => storedMetric(table, row, RUN_TIME));
  const runTime = (row: number): number => runTimes[row] ?? 0;
  const ascending = (a: number, b: number): number => runTime(a) - runTime(b) || byId(a, b);
  return rows.sort(sortBy === 'INCREASING_RUNTIME' ? ascending : (a, b) => ascending(b, a));
}

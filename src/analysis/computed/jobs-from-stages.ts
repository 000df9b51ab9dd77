import type { JsonObject } from '../../documents/documents.ts';
import { parseIsoTime } from '../../spark/rest-time.ts';

interface Job {
  from: number;
  to: number;
  readonly first: JsonObject;
  last: JsonObject;
  readonly rows: JsonObject[];
}

/** Stages of one job follow each other at once; a longer pause is the driver's. */
const LONGEST_PAUSE_MS = 1000;

/**
 * Guesses jobs where only stages are stored: stages that overlap, or follow within a second, are taken for one.
 *
 * Two jobs without a pause become one, which changes neither when jobs ran nor what the driver did alone for longer. A job
 * succeeded when the last attempt of each of its stages did.
 *
 * @param stages - rows of a raw document
 * @returns rows like those of `/jobs`, as far as the simulation reads them
 */
export function jobsFromStages(stages: readonly JsonObject[]): JsonObject[] {
  const timed = stages
    .flatMap((row) => {
      const [from, to] = [timeOf(row['submissionTime']), timeOf(row['completionTime'])];
      return from === undefined || to === undefined ? [] : [{ row, from, to }];
    })
    .sort((a, b) => a.from - b.from);
  const jobs: Job[] = [];
  for (const { row, from, to } of timed) {
    const last = jobs.at(-1);
    if (last === undefined || from > last.to + LONGEST_PAUSE_MS)
      jobs.push({ from, to, first: row, last: row, rows: [row] });
    else {
      last.rows.push(row);
      if (to > last.to) [last.to, last.last] = [to, row];
    }
  }
  return jobs.map(({ first, last, rows }, jobId) => ({
    jobId,
    submissionTime: first['submissionTime'] ?? '',
    completionTime: last['completionTime'] ?? '',
    status: lastAttempts(rows).every((row) => row['status'] === 'COMPLETE') ? 'SUCCEEDED' : 'FAILED',
    stageIds: [...new Set(rows.map((row) => Number(row['stageId'])))],
  }));
}

function lastAttempts(rows: readonly JsonObject[]): JsonObject[] {
  const last = new Map<number, JsonObject>();
  for (const row of rows) {
    const known = last.get(Number(row['stageId']));
    if (known === undefined || Number(known['attemptId']) < Number(row['attemptId']))
      last.set(Number(row['stageId']), row);
  }
  return [...last.values()];
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? parseIsoTime(value) : undefined;
  return time === undefined || time < 0 ? undefined : time;
}

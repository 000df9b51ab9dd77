import type { LogLayout } from '../../eventlog/bytes/layout.ts';
import type { EndScan, LogStart } from '../../eventlog/bytes/scan.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../../spark/rest.ts';
import { formatRestTime } from '../../spark/rest-time.ts';
import type { RunWindow } from '../run-source.ts';

/** A log whose run is known. */
export interface ScannedLog {
  readonly layout: LogLayout;
  readonly start: LogStart;
  readonly end: EndScan;
  /** When its last file was changed, in milliseconds since 1970. */
  readonly modified: number;
  /** Of the sizes of its files, its first and its last bytes: a file can be rewritten under its name, size and time. */
  readonly contentMark: string;
  /** Of its first bytes alone: it stays while the log grows. */
  readonly headMark: string;
}

const UNFINISHED = -1;

/**
 * The applications of these logs, as the History Server lists them: newest end first, those without an end last;
 * attempts of one application newest start first, also when each has a log of its own.
 *
 * @param window - an application is in it if any attempt ended there, both ends inclusive, or has no end
 */
export function applicationsOf(logs: Iterable<ScannedLog>, window: RunWindow = {}): ApplicationInfo[] {
  return [...Map.groupBy(logs, (log) => log.start.appId)]
    .filter(([, ofApplication]) => ofApplication.some((log) => isInWindow(log, window)))
    .map(([id, ofApplication]): ApplicationInfo => {
      const newestFirst = ofApplication.toSorted((a, b) => b.start.startTime - a.start.startTime);
      return { id, name: newestFirst[0]?.start.name ?? '', attempts: newestFirst.map(attemptOf) };
    })
    .sort((a, b) => newestEnd(b) - newestEnd(a));
}

/**
 * Of several logs of the same attempt (a copy, a rename seen halfway) the one that tells more: one with an end before
 * one without, then the one changed last.
 */
export function preferred(a: ScannedLog, b: ScannedLog): ScannedLog {
  const [ended, other] = [hasEnd(a), hasEnd(b)];
  if (ended !== other) return ended ? a : b;
  return b.modified > a.modified ? b : a;
}

function isInWindow({ end }: ScannedLog, { endedAfter, endedBefore }: RunWindow): boolean {
  if (typeof end !== 'object') return true;
  return end.endTime >= (endedAfter?.getTime() ?? -Infinity) && end.endTime <= (endedBefore?.getTime() ?? Infinity);
}

function attemptOf({ start, end, modified }: ScannedLog): ApplicationAttemptInfo {
  const endTime = typeof end === 'object' ? end.endTime : UNFINISHED;
  const completed = typeof end === 'object';
  return {
    ...(start.attemptId === undefined ? {} : { attemptId: start.attemptId }),
    startTime: formatRestTime(start.startTime),
    endTime: formatRestTime(endTime),
    lastUpdated: formatRestTime(modified),
    duration: completed ? endTime - start.startTime : 0,
    sparkUser: start.user,
    completed,
    appSparkVersion: start.sparkVersion,
    startTimeEpoch: start.startTime,
    endTimeEpoch: endTime,
    lastUpdatedEpoch: modified,
  };
}

function hasEnd(log: ScannedLog): boolean {
  return typeof log.end === 'object';
}

function newestEnd(application: ApplicationInfo): number {
  return application.attempts[0]?.endTimeEpoch ?? UNFINISHED;
}

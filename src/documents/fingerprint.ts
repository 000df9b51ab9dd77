import { createHash } from 'node:crypto';
import type { ApplicationInfo, ApplicationAttemptInfo } from '../spark/rest.ts';

/**
 * The version of Spot's document shapes. A stored run of an older version counts as unread and is read again.
 */
export const SCHEMA_VERSION = 1;

/**
 * What must be equal for a stored run to need no second reading: a short hash over end time, `lastUpdated`,
 * completeness, name, whether it is the newest attempt, the source's content mark if it has one, and
 * {@link SCHEMA_VERSION}.
 *
 * @param tellsProgress - false where `lastUpdated` of an attempt without end is the server's own clock, which moves at
 *   every scan: then it stays out
 * @param contentMark - changes with what the run was read from, though all times stay
 * @returns 16 hexadecimal digits
 */
export function fingerprintOf(
  application: ApplicationInfo,
  attempt: ApplicationAttemptInfo,
  tellsProgress = false,
  contentMark?: string,
): string {
  const parts = [
    SCHEMA_VERSION,
    application.name,
    attempt.startTimeEpoch,
    attempt.endTimeEpoch,
    attempt.completed,
    attempt.completed || tellsProgress ? attempt.lastUpdatedEpoch : '',
    isFinalAttempt(application, attempt),
    ...(contentMark === undefined ? [] : [contentMark]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** True when the attempt has no id or is the first listed one: the server lists the newest start first. */
export function isFinalAttempt(application: ApplicationInfo, attempt: ApplicationAttemptInfo): boolean {
  return attempt.attemptId === undefined || application.attempts[0]?.attemptId === attempt.attemptId;
}

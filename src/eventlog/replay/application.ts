import type { ApplicationInfo } from '../../spark/rest.ts';
import { formatRestTime } from '../../spark/rest-time.ts';
import type { JsonRecord } from './json-fields.ts';
import { optionalRecord, optionalText, textField, textMap, timeField } from './json-fields.ts';

/** What ApplicationStart says. */
export interface ApplicationStart {
  readonly id: string;
  readonly name: string;
  readonly time: number;
  readonly user: string;
  readonly attemptId: string | undefined;
  readonly driverLogs: Readonly<Record<string, string>> | undefined;
  readonly driverAttributes: Readonly<Record<string, string>>;
}

/** @throws EventLogError for an application without id, as logs before Spark 1.4 may have: no server lists it */
export function readApplicationStart(event: JsonRecord): ApplicationStart {
  const driverLogs = optionalRecord(event, 'Driver Logs');
  return {
    id: textField(event, 'App ID'),
    name: textField(event, 'App Name'),
    time: timeField(event, 'Timestamp'),
    user: textField(event, 'User'),
    attemptId: optionalText(event, 'App Attempt ID'),
    driverLogs: driverLogs === undefined ? undefined : textMap(driverLogs),
    driverAttributes: textMap(optionalRecord(event, 'Driver Attributes')),
  };
}

/**
 * The application with this one attempt, as `/applications/ID` answers.
 *
 * @param end - milliseconds since 1970; `undefined` while the log has no end
 * @param lastUpdated - of the file, which the log itself does not know
 */
export function applicationInfo(
  start: ApplicationStart,
  end: number | undefined,
  sparkVersion: string,
  lastUpdated: number,
): ApplicationInfo {
  return {
    id: start.id,
    name: start.name,
    attempts: [
      {
        ...(start.attemptId === undefined ? {} : { attemptId: start.attemptId }),
        startTime: formatRestTime(start.time),
        endTime: formatRestTime(end ?? -1),
        lastUpdated: formatRestTime(lastUpdated),
        duration: end === undefined ? 0 : end - start.time,
        sparkUser: start.user,
        completed: end !== undefined,
        appSparkVersion: sparkVersion,
        startTimeEpoch: start.time,
        endTimeEpoch: end ?? -1,
        lastUpdatedEpoch: lastUpdated,
      },
    ],
  };
}

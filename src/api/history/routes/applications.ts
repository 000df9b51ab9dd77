import type { ApplicationAttemptInfo, ApplicationInfo } from '../../../spark/rest.ts';
import type { RestRequest } from '../request.ts';

const STATUSES = ['COMPLETED', 'RUNNING'] as const;
const NO_LIMIT = 2 ** 31 - 1;

/**
 * `/applications`: those with an attempt in all windows, both ends of each inclusive.
 *
 * Whether an application runs is told by the attempt listed first. The window of ends does not concern one that runs,
 * unless it closes in the past. The limit counts from the newest.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/status/api/v1/ApplicationListResource.scala`
 */
export function listApplications({ history, query, now }: RestRequest): readonly ApplicationInfo[] {
  const statuses = query.words('status', STATUSES);
  const started = { from: query.date('minDate', '2010-01-01'), to: query.date('maxDate', '3000-01-01') };
  const ended = { from: query.date('minEndDate', '2010-01-01'), to: query.date('maxEndDate', '3000-01-01') };
  const limit = query.int('limit', NO_LIMIT);

  const isListed = ({ attempts }: ApplicationInfo): boolean => {
    const runs = attempts[0]?.completed !== true;
    if (statuses.length > 0 && !statuses.includes(runs ? 'RUNNING' : 'COMPLETED')) return false;
    return attempts.some(
      (attempt: ApplicationAttemptInfo) =>
        isWithin(attempt.startTimeEpoch, started) &&
        (runs ? ended.to > now.getTime() : isWithin(attempt.endTimeEpoch, ended)),
    );
  };
  return history.applications().filter(isListed).slice(0, Math.max(0, limit));
}

function isWithin(time: number, { from, to }: { readonly from: number; readonly to: number }): boolean {
  return time >= from && time <= to;
}

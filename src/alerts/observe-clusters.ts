import type { ErrorDocument } from '../documents/documents.ts';
import { parseIsoTime } from '../spark/rest-time.ts';
import { subjectOf, type Observation } from './observation.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** More than this nobody reads. */
const MOST_NAMED = 5;

/** When the newest run of a cluster was stored; `since` where there is none: how long one has been waited for. */
export interface LastRun {
  readonly cluster: string;
  readonly storedAt?: Date | undefined;
  readonly since: Date;
}

/** A cluster of which no run was stored for some hours: it is idle, or its source, Spot or its clock is not well. @param hours - 0 switches it off */
export function observeSilence(
  { cluster, storedAt, since }: LastRun,
  hours: number,
  now: Date,
): Observation | undefined {
  if (hours <= 0) return undefined;
  const subject = subjectOf('no-new-runs', cluster);
  const last = storedAt ?? since;
  const silentHours = (now.getTime() - last.getTime()) / HOUR_MS;
  const facts = { cluster, lastStoredAt: storedAt?.toISOString() ?? null, silentHours: Math.floor(silentHours) };
  if (silentHours < hours)
    return {
      status: 'fine',
      kind: 'no-new-runs',
      subject,
      words: {
        title: `Runs of ${cluster} come in again`,
        text: `The newest was stored at ${last.toISOString()}.`,
        facts,
      },
    };
  const said =
    storedAt === undefined
      ? `none was stored since Spot was started at ${since.toISOString()}`
      : `the newest was stored at ${storedAt.toISOString()}`;
  return {
    status: 'firing',
    kind: 'no-new-runs',
    subject,
    words: {
      title: `No new runs from ${cluster} for ${Math.floor(silentHours)} hours`,
      text: `Of ${cluster} ${said}. Nothing may have run there; or the History Server, its event logs or Spot do not work: spot doctor and spot verify tell.`,
      facts,
    },
  };
}

/**
 * Runs of which Spot itself could not make sense in the last day: their source answered and the store is well, so that somebody has to look.
 *
 * @param errors - of this cluster
 */
export function observeErrors(cluster: string, errors: readonly ErrorDocument[], now: Date): Observation {
  const subject = subjectOf('errors', cluster);
  const recent = errors.filter(({ spot }) => isInternal(spot.error.code) && isWithin(spot.time_processed, DAY_MS, now));
  if (recent.length === 0)
    return {
      status: 'fine',
      kind: 'errors',
      subject,
      words: fineWords(`No more internal errors on ${cluster}`, cluster),
    };
  const byCode = Map.groupBy(recent, ({ spot }) => spot.error.code);
  const newest = recent
    .toSorted((a, b) => (a.spot.time_processed < b.spot.time_processed ? 1 : -1))
    .slice(0, MOST_NAMED)
    .map(({ spot }) => `  ${spot.time_processed} ${labelOf({ spot })} ${spot.error.code}: ${spot.error.message}`);
  return {
    status: 'firing',
    kind: 'errors',
    subject,
    words: {
      title: `${recent.length} ${recent.length === 1 ? 'run' : 'runs'} of ${cluster} could not be made sense of`,
      text: [
        `In the last day: ${[...byCode].map(([code, of]) => `${of.length} × ${code}`).join(', ')}. The newest:`,
        ...newest,
        'docs/errors.md tells what each code means; spot show RUN --doc err has the whole error.',
      ].join('\n'),
      facts: { cluster, runs: recent.length, codes: [...byCode.keys()].join(' ') },
    },
  };
}

/** Runs, and the list itself, that could not be read for some hours, and are still tried. */
export function observeParked(
  cluster: string,
  errors: readonly ErrorDocument[],
  hours: number,
  now: Date,
): Observation {
  const subject = subjectOf('parked', cluster);
  const parked = errors
    .filter(({ spot }) => !isWithin(spot.error.first_seen, hours * HOUR_MS, now))
    .toSorted((a, b) => (a.spot.error.first_seen < b.spot.error.first_seen ? -1 : 1));
  if (parked.length === 0)
    return {
      status: 'fine',
      kind: 'parked',
      subject,
      words: fineWords(`Nothing of ${cluster} waits to be read any more`, cluster),
    };
  const listing = parked.find(({ spot }) => spot.spark_app_id === 'n/a');
  const runs = parked.filter((error) => error !== listing);
  return {
    status: 'firing',
    kind: 'parked',
    subject,
    words: {
      title:
        runs.length === 0
          ? `The list of ${cluster} could not be read for ${hours} hours`
          : `${runs.length} ${runs.length === 1 ? 'run' : 'runs'} of ${cluster} could not be read for ${hours} hours`,
      text: [
        ...(listing === undefined
          ? []
          : [`The list of runs itself fails since ${listing.spot.error.first_seen}: ${listing.spot.error.message}`]),
        ...runs
          .slice(0, MOST_NAMED)
          .map(
            ({ spot }) =>
              `  ${labelOf({ spot })}, tried ${spot.error.count} times since ${spot.error.first_seen}, ${spot.error.code}: ${spot.error.message}`,
          ),
        ...(runs.length > MOST_NAMED ? [`  and ${runs.length - MOST_NAMED} more`] : []),
        'They are tried again; spot verify lists them.',
      ].join('\n'),
      facts: { cluster, runs: runs.length },
    },
  };
}

/** Not the source's, and not the store's: the original left out HTTP errors and conflicts. */
function isInternal(code: string): boolean {
  return !/^(SOURCE|STORE)_/.test(code);
}

function isWithin(isoTime: string, ms: number, now: Date): boolean {
  return now.getTime() - (parseIsoTime(isoTime) ?? 0) < ms;
}

function fineWords(title: string, cluster: string) {
  return { title, text: '', facts: { cluster } };
}

function labelOf({ spot }: ErrorDocument): string {
  const { spark_app_id: appId, attempt_id: attemptId } = spot;
  return attemptId === undefined ? appId : `${appId}/${attemptId}`;
}

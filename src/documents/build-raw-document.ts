import type { ApplicationAttemptInfo, ApplicationInfo } from '../spark/rest.ts';
import { formatIsoTime } from '../spark/rest-time.ts';
import { ATTEMPT_TIMES } from '../spark/time-fields.ts';
import type { AppSpecificData, Json, JsonObject, RawAttempt, RawDocument, SpotMarks } from './documents.ts';
import { fingerprintOf, isFinalAttempt, SCHEMA_VERSION } from './fingerprint.ts';
import { omit, setOwn } from './own-properties.ts';
import { EXECUTOR_ROW, JOB_ROW, rawRows, requireIsoTime, SQL_ROW, STAGE_ROW } from './raw-rows.ts';
import { rawEnvironment } from './raw-environment.ts';
import { redactDeep, type Redact } from './redact.ts';
import { flagsOf, hasEnd } from './run-flags.ts';
import type { RunParts } from './run-parts.ts';

export interface RawDocumentInput {
  readonly application: ApplicationInfo;
  /** One of `application.attempts`. */
  readonly attempt: ApplicationAttemptInfo;
  readonly parts: RunParts;
  /** Host name of the source, without port. */
  readonly host: string;
  /** Configured name of the source. */
  readonly cluster: string;
  readonly processedAt: Date;
  readonly revision: number;
  /** Computed from application and attempt when absent. */
  readonly fingerprint?: string | undefined;
  readonly appSpecificData: AppSpecificData;
  readonly redact: Redact;
}

const OMITTED_OF_APPLICATION: ReadonlySet<string> = new Set(['attempts']);
/** Without an end these say -1 and 0, which every sum and chart would take for a time and a duration. */
const END_FIELDS: ReadonlySet<string> = new Set(['endTime', 'endTimeEpoch', 'duration']);
const TIMES: ReadonlySet<string> = new Set(ATTEMPT_TIMES);

/**
 * Makes the raw document of one run: what Spark told, with times as ISO-8601, Spark properties as an object with numbers and
 * booleans, without the fields the original left out and without secrets.
 *
 * Values that need no change are shared with the input, not copied.
 *
 * @throws DocumentError `DOCUMENT_INVALID_TIME` when a time is in no format of Spark's server
 */
export function buildRawDocument(input: RawDocumentInput): RawDocument {
  const { application, attempt, host, redact } = input;
  const rawAttempt = buildAttempt(input);
  return {
    ...(redactDeep(omit(application, OMITTED_OF_APPLICATION), 'application', redact) as JsonObject),
    id: application.id,
    name: redact.text(application.name),
    attempts: [rawAttempt],
    history_host: host,
    spot: marksOf(input, rawAttempt),
    app_specific_data: redactDeep(input.appSpecificData, 'app_specific_data', redact) as unknown as AppSpecificData,
    isFinalAttempt: isFinalAttempt(application, attempt),
  };
}

function marksOf(input: RawDocumentInput, rawAttempt: RawAttempt): SpotMarks {
  const { application, attempt, parts, processedAt } = input;
  const flags = flagsOf(attempt, parts, processedAt);
  return {
    time_processed: formatIsoTime(processedAt.getTime()),
    history_host: input.host,
    cluster: input.cluster,
    fingerprint: input.fingerprint ?? fingerprintOf(application, attempt),
    revision: input.revision,
    schema_version: SCHEMA_VERSION,
    status: flags.includes('incomplete') ? 'incomplete' : 'completed',
    flags: 'collidingSparkProperties' in rawAttempt.environment ? [...flags, 'property_collision'] : flags,
  };
}

function buildAttempt({ attempt, parts, redact }: RawDocumentInput): RawAttempt {
  const copy: Record<string, Json> = {};
  const ended = hasEnd(attempt);
  for (const key of Object.keys(attempt)) {
    if (!ended && END_FIELDS.has(key)) continue;
    const value = attempt[key];
    if (value === undefined) continue;
    if (TIMES.has(key)) copy[key] = requireIsoTime(value, `${key} of attempt`);
    else setOwn(copy, key, typeof value === 'string' ? redact.text(value) : redactDeep(value, key, redact));
  }
  const rows = {
    allexecutors: rawRows(parts.allexecutors, EXECUTOR_ROW, redact),
    stages: rawRows(parts.stages, STAGE_ROW, redact),
    environment: rawEnvironment(parts.environment, redact),
    ...(parts.jobs === undefined ? {} : { jobs: rawRows(parts.jobs, JOB_ROW, redact) }),
    ...(parts.sql === undefined ? {} : { sql: rawRows(parts.sql, SQL_ROW, redact) }),
  };
  // The attempt's own fields are those of `ApplicationAttemptInfo`, so the copy has what the type asks for.
  return Object.assign(copy, rows) as unknown as RawAttempt;
}

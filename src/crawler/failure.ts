import type { ErrorDocument, ErrorStage } from '../documents/documents.ts';
import { formatIsoTime } from '../spark/rest-time.ts';
import { SpotError } from '../util/errors.ts';

export interface FailureContext {
  readonly cluster: string;
  readonly host: string;
  /** Absent for a listing. */
  readonly appId?: string | undefined;
  readonly attemptId?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly now: Date;
  readonly retryDelaySeconds: number;
  readonly retryMaxDelaySeconds: number;
  /** The error document of the failure before, of which this is the next. */
  readonly previous?: ErrorDocument | undefined;
  /** Takes secrets out of the message. */
  readonly redact: (text: string) => string;
}

/** The application id of the error document of a listing, as the original wrote it. */
export const LISTING = 'n/a';

const MAX_MESSAGE_CHARACTERS = 2000;

/**
 * One error document per run, however often it fails: its id is the run's, its count grows, and the delay until the
 * next try doubles from `retryDelaySeconds` up to `retryMaxDelaySeconds`.
 */
export function errorDocument(stage: ErrorStage, error: Error, context: FailureContext): ErrorDocument {
  const previous =
    context.previous?.spot.fingerprint === context.fingerprint ? context.previous?.spot.error : undefined;
  const count = (previous?.count ?? 0) + 1;
  const delaySeconds = Math.min(context.retryDelaySeconds * 2 ** Math.min(count - 1, 30), context.retryMaxDelaySeconds);
  return {
    spot: {
      time_processed: formatIsoTime(context.now.getTime()),
      spark_app_id: context.appId ?? LISTING,
      ...(context.attemptId === undefined ? {} : { attempt_id: context.attemptId }),
      history_host: context.host,
      cluster: context.cluster,
      ...(context.fingerprint === undefined ? {} : { fingerprint: context.fingerprint }),
      error: {
        stage,
        type: error.name,
        code: error instanceof SpotError ? error.code : 'UNEXPECTED',
        message: context.redact(error.message).slice(0, MAX_MESSAGE_CHARACTERS),
        first_seen: previous?.first_seen ?? formatIsoTime(context.now.getTime()),
        count,
        next_try: formatIsoTime(context.now.getTime() + delaySeconds * 1000),
        retryable: error instanceof SpotError ? error.retryable : false,
      },
    },
  };
}

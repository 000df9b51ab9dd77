import { aggregateRun } from '../aggregations/aggregate-run.ts';
import { buildRawDocument } from '../documents/build-raw-document.ts';
import type { ErrorStage } from '../documents/documents.ts';
import { redactDetail } from '../documents/redact-detail.ts';
import type { Enricher } from '../integrations/enricher.ts';
import type { AttemptParts, RunSource } from '../sources/run-source.ts';
import type { RunDocuments } from '../store/store.ts';
import type { Redactor } from '../util/redaction/redactor.ts';
import type { RunToRead } from './work-list.ts';

export interface ReadRunContext {
  readonly source: RunSource;
  readonly enrich: Enricher;
  readonly redactor: Redactor;
  readonly keepRaw: boolean;
  readonly now: () => Date;
}

/** A failure and the stage of reading it belongs to. */
export class ReadRunError extends Error {
  readonly stage: ErrorStage;
  override readonly cause: unknown;

  constructor(stage: ErrorStage, cause: unknown) {
    super(`The run could not be read (${stage})`, { cause });
    this.stage = stage;
    this.cause = cause;
  }
}

/**
 * Asks the source for a run.
 *
 * @throws ReadRunError with the stage and the cause
 */
export async function fetchRun(
  run: RunToRead,
  { source }: Pick<ReadRunContext, 'source'>,
  signal: AbortSignal,
): Promise<AttemptParts> {
  return await inStage('raw', () => source.fetchAttempt(run.application, run.attempt, { signal }));
}

/**
 * Makes a run's documents of what the source said: raw document, enrichment, aggregates.
 *
 * @throws ReadRunError with the stage and the cause
 */
export async function makeDocuments(
  run: RunToRead,
  parts: AttemptParts,
  context: ReadRunContext,
  signal: AbortSignal,
): Promise<RunDocuments> {
  const { source } = context;
  const processedAt = context.now();
  const raw = await inStage('raw', async () =>
    buildRawDocument({
      application: run.application,
      attempt: run.attempt,
      // Jobs and SQL executions stay in the detail document: raw is the same whichever source it came from.
      parts: {
        allexecutors: parts.allexecutors,
        stages: parts.stages,
        environment: parts.environment,
        detail: parts.detail,
      },
      host: source.host,
      cluster: source.cluster,
      processedAt,
      // Rises even when the clock was set back since the reading before.
      revision: Math.max(processedAt.getTime(), run.storedRevision + 1),
      fingerprint: run.fingerprint,
      // Taken apart, a name no longer shows what in it was a secret.
      appSpecificData: await context.enrich(
        { ...run.application, name: context.redactor.text(run.application.name) },
        run.attempt,
        { signal },
      ),
      redact: context.redactor,
    }),
  );
  const aggregate = await inStage('aggregations', () => Promise.resolve(aggregateRun(raw)));
  const detail = parts.detail && redactDetail(parts.detail, (value) => context.redactor.deep(value));
  return { key: run.key, raw: context.keepRaw ? raw : undefined, aggregate, detail };
}

async function inStage<T>(stage: ErrorStage, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ReadRunError(stage, cause);
  }
}

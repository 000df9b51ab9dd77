import { makeDocuments, ReadRunError } from '../../../src/crawler/read-run.ts';
import { fingerprintOf } from '../../../src/documents/fingerprint.ts';
import { documentId } from '../../../src/documents/run-key.ts';
import type { AttemptParts } from '../../../src/sources/run-source.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../../../src/spark/rest.ts';
import type { RunDocuments } from '../../../src/store/store.ts';
import { createRedactor } from '../../../src/util/redaction/redactor.ts';
import { MemorySource } from '../../support/memory-source.ts';

const NEVER = new AbortController().signal;
const CONTEXT = {
  source: new MemorySource('main'),
  enrich: () => Promise.resolve({ classification: { app: 'a', type: 'a' }, tag: 'a' }),
  redactor: createRedactor({ hashKey: 'test-only' }),
  keepRaw: true,
  now: () => new Date('2026-11-21T12:00:00Z'),
};

/**
 * The documents that Spot stores of a run, as the crawler makes them.
 *
 * @throws what the error document would be about
 */
export async function documentsOf(
  application: ApplicationInfo,
  attempt: ApplicationAttemptInfo,
  parts: AttemptParts,
): Promise<RunDocuments> {
  const key = { cluster: 'main', appId: application.id, attemptId: attempt.attemptId };
  const run = {
    key,
    id: documentId(key),
    application,
    attempt,
    fingerprint: fingerprintOf(application, attempt),
    storedRevision: 0,
  };
  try {
    return await makeDocuments(run, parts, CONTEXT, NEVER);
  } catch (error) {
    throw error instanceof ReadRunError ? error.cause : error;
  }
}

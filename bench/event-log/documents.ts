/**
 * Child of goals.ts: the largest log of a folder from its bytes to all documents, as a crawl makes them.
 *
 *   node documents.ts FOLDER
 *
 * Another log of the folder is read first, so that the thread runs: start-up is not what is measured.
 */
import { Spot } from '../../src/app/spot.ts';
import { fetchRun, makeDocuments } from '../../src/crawler/read-run.ts';
import { readableAttempts } from '../../src/crawler/work-list.ts';
import type { RunDetail } from '../../src/documents/run-detail.ts';
import { classificationEnricher } from '../../src/integrations/enricher.ts';
import type { ApplicationInfo } from '../../src/spark/rest.ts';
import { measure } from '../support/child.ts';

const [path = ''] = process.argv.slice(2);
const now = (): Date => new Date();
await using spot = new Spot({ logLevel: 'error', environment: { env: process.env, now, random: Math.random } });
const [source] = await spot.openEventLogs([path], 'default');
if (source === undefined) throw new Error('no source');
const context = { source, enrich: classificationEnricher, redactor: spot.redactor, keepRaw: true, now };
const { signal } = new AbortController();

async function documentsOf(application: ApplicationInfo | undefined): Promise<RunDetail> {
  const options = {
    source: { cluster: 'default', tellsProgress: true },
    now: now(),
    settleSeconds: 0,
    orphanAfterHours: 0,
  };
  const [run] = application === undefined ? [] : readableAttempts(application, options);
  if (run === undefined) throw new Error(`${path} has no such run`);
  const toRead = { ...run, storedRevision: 0 };
  const parts = await fetchRun(toRead, context, signal);
  const { raw, detail } = await makeDocuments(toRead, parts, context, signal);
  if (raw === undefined || detail === undefined) throw new Error('a document is missing');
  if (detail.quality.skippedLines > 0) throw new Error(detail.quality.skippedExamples.join('\n'));
  return detail;
}

const listed = await Array.fromAsync(source.listApplications({}));
await documentsOf(listed.find(({ id }) => id.startsWith('local-')));

await measure(async () => {
  const applications = await Array.fromAsync(source.listApplications({}));
  const { quality, stages, sql } = await documentsOf(applications.find(({ id }) => !id.startsWith('local-')));
  return { lines: quality.events, stages: stages.length, executions: sql.length };
});

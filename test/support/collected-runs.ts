import { analyzeRun, type RunAnalysis } from '../../src/app/analyze-run.ts';
import { Spot } from '../../src/app/spot.ts';
import { fetchRun, makeDocuments } from '../../src/crawler/read-run.ts';
import { readableAttempts } from '../../src/crawler/work-list.ts';
import { classificationEnricher } from '../../src/integrations/enricher.ts';
import type { RunSource } from '../../src/sources/run-source.ts';
import { createRedactor } from '../../src/util/redaction/redactor.ts';

type Documents = Awaited<ReturnType<typeof makeDocuments>>;

/** A run's documents as a crawl makes them of its log. */
export interface CollectedRun {
  readonly appId: string;
  readonly documents: Documents;
}

/** Reads the event logs of a folder into documents, without a store. */
export async function collectedRuns(folder: string): Promise<readonly CollectedRun[]> {
  await using spot = new Spot({ logLevel: 'none', environment: { env: {}, now, random: Math.random } });
  const [source] = await spot.openEventLogs([folder], 'default');
  if (source === undefined) throw new Error(`${folder} is no source`);
  return await Array.fromAsync(runsOf(source));
}

/** Reads runs of a source into documents, as a crawl would. */
export async function* runsOf(
  source: RunSource,
  isWanted: (appId: string) => boolean = () => true,
): AsyncGenerator<CollectedRun> {
  const redactor = createRedactor({ hashKey: 'test' });
  const context = { source, enrich: classificationEnricher, redactor, keepRaw: true, now };
  const { signal } = new AbortController();
  for await (const application of source.listApplications({})) {
    if (!isWanted(application.id)) continue;
    const list = { source, now: now(), settleSeconds: 0, orphanAfterHours: 0 };
    for (const run of readableAttempts(application, list)) {
      const toRead = { ...run, storedRevision: 0 };
      const documents = await makeDocuments(toRead, await fetchRun(toRead, context, signal), context, signal);
      yield { appId: application.id, documents };
    }
  }
}

function now(): Date {
  return new Date();
}

/** Without `detail` the run is told as by a History Server that was not asked for quantiles. */
export async function analysisOf(
  { appId, documents: { raw, aggregate, detail } }: CollectedRun,
  knowing: { readonly detail?: Documents['detail'] } = { detail },
): Promise<RunAnalysis> {
  const store = {
    readRaw: () => Promise.resolve(raw),
    readAggregate: () => Promise.resolve(aggregate),
    readDetail: () => Promise.resolve(knowing.detail),
  };
  return await analyzeRun(store, { cluster: 'default', appId });
}

import { analyzeRun, type RunAnalysis } from '../../src/app/analyze-run.ts';
import { Spot } from '../../src/app/spot.ts';
import { fetchRun, makeDocuments } from '../../src/crawler/read-run.ts';
import { readableAttempts } from '../../src/crawler/work-list.ts';
import { classificationEnricher } from '../../src/integrations/enricher.ts';
import { createRedactor } from '../../src/util/redaction/redactor.ts';

type Documents = Awaited<ReturnType<typeof makeDocuments>>;

/** A run's documents as a crawl makes them of its log. */
export interface CollectedRun {
  readonly appId: string;
  readonly documents: Documents;
}

/** Reads the event logs of a folder into documents, without a store. */
export async function collectedRuns(folder: string): Promise<readonly CollectedRun[]> {
  const now = (): Date => new Date();
  await using spot = new Spot({ logLevel: 'none', environment: { env: {}, now, random: Math.random } });
  const [source] = await spot.openEventLogs([folder], 'default');
  if (source === undefined) throw new Error(`${folder} is no source`);
  const context = {
    source,
    enrich: classificationEnricher,
    redactor: createRedactor({ hashKey: 'test' }),
    keepRaw: true,
    now,
  };
  const { signal } = new AbortController();
  const runs: CollectedRun[] = [];
  for await (const application of source.listApplications({})) {
    const list = { source, now: now(), settleSeconds: 0, orphanAfterHours: 0 };
    for (const run of readableAttempts(application, list)) {
      const toRead = { ...run, storedRevision: 0 };
      const documents = await makeDocuments(toRead, await fetchRun(toRead, context, signal), context, signal);
      runs.push({ appId: application.id, documents });
    }
  }
  return runs;
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

import { analyze, type Analysis, type AnalyzeOptions } from '../analysis/analyze.ts';
import { factsOf, isToldByLog } from '../analysis/facts.ts';
import { runLabel, type RunKey } from '../documents/run-key.ts';
import { sparkPropertiesOf } from '../spark/property-text.ts';
import type { Store } from '../store/store.ts';
import { RunNotFoundError } from './find-run.ts';

export interface RunAnalysis extends Analysis {
  readonly run: string;
  readonly name: string;
  /** `event-log` when its tasks are known, `history-server` when only sums and documents are. */
  readonly source: 'event-log' | 'history-server';
}

/**
 * What was wrong with a stored run.
 *
 * @throws RunNotFoundError `RUN_WITHOUT_DETAIL` when neither its tasks nor its raw document are stored
 */
export async function analyzeRun(
  store: Pick<Store, 'readRaw' | 'readDetail' | 'readAggregate'>,
  key: RunKey,
  options: AnalyzeOptions = {},
): Promise<RunAnalysis> {
  const [raw, detail, aggregate] = await Promise.all([
    store.readRaw(key),
    store.readDetail(key),
    store.readAggregate(key),
  ]);
  if (detail === undefined && raw === undefined) {
    throw new RunNotFoundError(
      'RUN_WITHOUT_DETAIL',
      `Neither tasks nor stages of ${runLabel(key)} are stored: read it from its event log with spot collect, or switch raw documents on (raw_index)`,
    );
  }
  const attempt = aggregate?.attempt ?? raw?.attempts[0];
  const facts = factsOf({
    detail,
    attempt: raw?.attempts[0],
    properties: sparkPropertiesOf((attempt?.environment['sparkProperties'] ?? {}) as Readonly<Record<string, unknown>>),
    sparkVersion: attempt?.appSparkVersion,
    flags: (aggregate ?? raw)?.spot.flags ?? [],
  });
  return {
    run: runLabel(key),
    name: (aggregate ?? raw)?.name ?? '',
    source: detail !== undefined && isToldByLog(detail) ? 'event-log' : 'history-server',
    ...analyze(facts, options),
  };
}

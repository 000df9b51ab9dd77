import type { AggregateDocument } from '../documents/documents.ts';
import { SERIES_LENGTH } from '../series/judge.ts';
import { inOrder, seriesRunOf, type SeriesRun } from '../series/series-run.ts';
import type { Store } from '../store/store.ts';

/** A recurring application: the runs of one tag on one cluster. */
export interface SeriesName {
  readonly cluster: string;
  readonly tag: string;
}

/** The name of the series a run belongs to. */
export function seriesNameOf({ spot, app_specific_data }: AggregateDocument): SeriesName {
  return { cluster: spot.cluster, tag: app_specific_data.tag };
}

/** The newest completed runs of an application, oldest first. */
export async function readSeries(
  store: Pick<Store, 'findAggregates'>,
  { cluster, tag }: SeriesName,
  options: { readonly limit?: number; readonly endedBefore?: Date | undefined; readonly signal?: AbortSignal } = {},
): Promise<readonly SeriesRun[]> {
  const { limit = SERIES_LENGTH, endedBefore, signal } = options;
  const runs: SeriesRun[] = [];
  // More than are wanted are asked for: attempts that were replaced and runs without an end do not count.
  for await (const document of store.findAggregates({ cluster, tag, endedBefore }, { signal, limit: 2 * limit })) {
    const run = seriesRunOf(document);
    if (run !== undefined) runs.push(run);
    if (runs.length >= limit) break;
  }
  return inOrder(runs);
}

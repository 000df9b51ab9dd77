import { createHash } from 'node:crypto';
import type { Store } from '../../src/store/store.ts';
import { stringifyJson } from '../../src/util/lossless-json.ts';

/** A hash over all agg documents, without the moment of their making and the place they were read from. */
export async function hashOfAggregates(store: Store): Promise<string> {
  const hash = createHash('sha256');
  for await (const document of store.findAggregates({}, { order: 'oldest-first' })) {
    const { time_processed: _time, revision: _revision, cluster: _cluster, ...spot } = document.spot;
    hash.update(stringifyJson({ ...document, spot }));
  }
  return hash.digest('hex');
}

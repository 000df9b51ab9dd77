import { defaultsOf } from '../../../src/config/section.ts';
import { elasticsearchSection, type ElasticsearchSettings } from '../../../src/store/elasticsearch/config.ts';

const KINDS = ['raw', 'agg', 'err', 'detail', 'kept'];

/** Settings with aliases of their own: `spot_<kind>_test_<suffix>`. */
export function settingsFor(
  url: string,
  suffix: string,
  changes: Partial<ElasticsearchSettings> = {},
): ElasticsearchSettings {
  return {
    ...defaultsOf(elasticsearchSection),
    elasticsearch_url: url,
    raw_index: `spot_raw_test_${suffix}`,
    agg_index: `spot_agg_test_${suffix}`,
    err_index: `spot_err_test_${suffix}`,
    detail_index: `spot_detail_test_${suffix}`,
    kept_index: `spot_kept_test_${suffix}`,
    ...changes,
  };
}

/** Asks Elasticsearch itself, past Spot. A body that is text goes as it is. */
export async function ask<T = unknown>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: text }),
  });
  return (await answer.json()) as T;
}

/** Deletes the indexes behind the aliases of {@link settingsFor}. */
export async function removeIndexes(url: string, suffix: string): Promise<void> {
  const names = KINDS.map((kind) => `spot_${kind}_test_${suffix}-000001`).join(',');
  await ask(url, 'DELETE', `/${names}?ignore_unavailable=true`);
}

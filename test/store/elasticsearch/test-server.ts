import { defaultsOf } from '../../../src/config/section.ts';
import { elasticsearchSection, type ElasticsearchSettings } from '../../../src/store/elasticsearch/config.ts';

export type FetchJson = (method: string, path: string, body?: unknown) => Promise<Readonly<Record<string, unknown>>>;

/**
 * Describes tests that need a real Elasticsearch, whose URL a variable of the environment holds.
 *
 * Without it they are skipped and say so; in CI (`CI=true`) they fail.
 */
export function describeWithServer(variable: string, define: (url: string, fetchJson: FetchJson) => void): void {
  const url = process.env[variable];
  if (url !== undefined && url !== '') {
    define(url, (method, path, body) => fetchJson(url + path, method, body));
    return;
  }
  describe(`store/elasticsearch at ${variable}`, () => {
    it('needs a running Elasticsearch', function () {
      const reason = `${variable} names no Elasticsearch`;
      if (process.env['CI'] === 'true') throw new Error(`In CI these tests must run: ${reason}`);
      console.log(`      skipped: ${reason}`);
      this.skip();
    });
  });
}

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
    ...changes,
  };
}

async function fetchJson(url: string, method: string, body: unknown): ReturnType<FetchJson> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}

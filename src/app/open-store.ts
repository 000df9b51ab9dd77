import type { Config } from '../config/read-config.ts';
import type { Logger } from '../logging/logger.ts';
import { elasticsearchSection } from '../store/elasticsearch/config.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { ConfigError } from '../util/errors.ts';
import type { Environment } from './environment.ts';
import { defaultStorePath, storeSection } from './settings.ts';

const FORMS =
  'sqlite:PATH (for example sqlite:spot.sqlite) or elasticsearch:URL (for example elasticsearch:http://localhost:9200)';

export interface OpenStoreOptions {
  /** `--store`; wins over the configuration. */
  readonly url?: string | undefined;
  /** A reader must not create a store, nor wait for the one who writes. */
  readonly access: 'read' | 'write';
}

/**
 * Opens the store that the command line or the configuration names.
 *
 * @throws ConfigError `CONFIG_STORE_URL`; StoreError when it cannot be opened
 */
export async function openStore(
  config: Config,
  environment: Environment,
  logger: Logger,
  options: OpenStoreOptions,
): Promise<Store> {
  const elastic = config.of(elasticsearchSection).settings;
  const configured =
    config.of(storeSection).settings.url ||
    (elastic.elasticsearch_url === '' ? '' : `elasticsearch:${elastic.elasticsearch_url}`);
  const url = options.url ?? (configured === '' ? `sqlite:${defaultStorePath(environment.env)}` : configured);

  const separator = url.indexOf(':');
  const [kind, place] = [url.slice(0, separator), url.slice(separator + 1)];
  switch (kind) {
    case 'sqlite':
      if (place === '') break;
      return SqliteStore.open({ path: place, access: options.access }, logger);
    case 'elasticsearch': {
      if (!URL.canParse(place)) break;
      // Its client takes a good part of a second to load, which whoever uses a file should not pay.
      const { ElasticsearchStore } = await import('../store/elasticsearch/elasticsearch-store.ts');
      return await ElasticsearchStore.open({ ...elastic, elasticsearch_url: place }, logger);
    }
  }
  throw new ConfigError('CONFIG_STORE_URL', `${JSON.stringify(url)} names no store: write ${FORMS}`);
}

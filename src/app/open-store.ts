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

/** Which store is meant. */
export interface StorePlace {
  readonly kind: 'sqlite' | 'elasticsearch';
  /** A path, or a URL. */
  readonly place: string;
}

/**
 * The store that the command line or the configuration names; without either, the file of this user.
 *
 * @param named - `--store`; wins over the configuration
 * @throws ConfigError `CONFIG_STORE_URL`
 */
export function storePlace(config: Config, environment: Environment, named: string | undefined): StorePlace {
  const elasticsearchUrl = config.of(elasticsearchSection).settings.elasticsearch_url;
  const configured =
    config.of(storeSection).settings.url || (elasticsearchUrl === '' ? '' : `elasticsearch:${elasticsearchUrl}`);
  const url = named ?? (configured === '' ? `sqlite:${defaultStorePath(environment.env)}` : configured);

  const separator = url.indexOf(':');
  const [kind, place] = [url.slice(0, separator), url.slice(separator + 1)];
  if (kind === 'sqlite' && place !== '') return { kind, place };
  if (kind === 'elasticsearch' && URL.canParse(place)) return { kind, place };
  throw new ConfigError('CONFIG_STORE_URL', `${JSON.stringify(url)} names no store: write ${FORMS}`);
}

export interface OpenStoreOptions {
  /** `--store`; wins over the configuration. */
  readonly url?: string | undefined;
  /**
   * A reader must not create a store, nor wait for the one who writes. `share` keeps, forgets and prunes beside a crawl that writes
   * to the same store; it creates none either.
   */
  readonly access: 'read' | 'write' | 'share';
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
  const { kind, place } = storePlace(config, environment, options.url);
  if (kind === 'sqlite') return SqliteStore.open({ path: place, access: options.access }, logger);

  // Its client takes a good part of a second to load, which whoever uses a file should not pay.
  const { ElasticsearchStore } = await import('../store/elasticsearch/elasticsearch-store.ts');
  return await ElasticsearchStore.open(
    { ...config.of(elasticsearchSection).settings, elasticsearch_url: place },
    logger,
  );
}

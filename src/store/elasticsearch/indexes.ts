import { StoreError } from '../../util/errors.ts';
import type { ElasticsearchSettings } from './config.ts';
import {
  KINDS,
  MAPPING_VERSION,
  mappingOf,
  settingsOf,
  templateName,
  templateOf,
  type IndexKind,
} from './mappings/mappings.ts';
import type { Connection } from './connection.ts';

/** The alias of each kind that is kept; a kind without one is switched off. */
export type Aliases = Readonly<Partial<Record<IndexKind, string>>>;

export function aliasesOf(settings: ElasticsearchSettings): Aliases {
  const names = {
    raw: settings.raw_index,
    agg: settings.agg_index,
    err: settings.err_index,
    detail: settings.detail_index,
    kept: settings.kept_index,
  };
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name !== ''));
}

/** Puts Spot's index templates where they are missing or older; those of a newer Spot stay. */
export async function installTemplates(connection: Connection): Promise<void> {
  for (const kind of KINDS) {
    const name = templateName(kind);
    if ((await templateVersion(connection, name)) >= MAPPING_VERSION) continue;
    await connection.request({ method: 'PUT', path: `/_index_template/${name}`, body: templateOf(kind) });
    connection.logger.info('Installed an index template.', { template: name, version: MAPPING_VERSION });
  }
}

async function templateVersion(connection: Connection, name: string): Promise<number> {
  interface Answer {
    readonly index_templates?: readonly { readonly index_template: { readonly version?: number } }[];
  }
  const answer = await unlessMissing(
    connection.request<Answer>({ method: 'GET', path: `/_index_template/${name}` }),
    {},
  );
  return answer.index_templates?.[0]?.index_template.version ?? 0;
}

/**
 * Creates what is missing behind the aliases, and gives an older index the fields that are new.
 *
 * Documents go to an alias, never to an index by name: an index that somebody deleted then does not come back by itself with
 * whatever mapping the next document suggests. The write is refused, and the index is created here.
 *
 * @throws StoreError `STORE_INDEX_NOT_ALIAS` where an index has the name; `STORE_FORBIDDEN` with the right that is missing
 */
export async function ensureIndexes(connection: Connection, aliases: Aliases): Promise<void> {
  for (const kind of KINDS) {
    const alias = aliases[kind];
    if (alias !== undefined) await ensureIndex(connection, kind, alias);
  }
}

interface IndexMapping {
  readonly mappings: { readonly _meta?: { readonly spot_mapping_version?: number } };
}

async function ensureIndex(connection: Connection, kind: IndexKind, alias: string): Promise<void> {
  const path = `/${encodeURIComponent(alias)}/_mapping`;
  const indexes = Object.entries(
    await unlessMissing(connection.request<Readonly<Record<string, IndexMapping>>>({ method: 'GET', path }), {}),
  );
  if (indexes.length === 0) await createIndex(connection, kind, alias);

  for (const [index, { mappings }] of indexes) {
    if (index === alias) throw notAnAlias(connection.url, kind, alias);
    const version = mappings._meta?.spot_mapping_version ?? 0;
    if (version >= MAPPING_VERSION) continue;
    await connection.request({ method: 'PUT', path: `/${encodeURIComponent(index)}/_mapping`, body: mappingOf(kind) });
    connection.logger.info('Brought the mapping of an index up to date.', {
      index,
      from: version,
      to: MAPPING_VERSION,
    });
  }
}

/** Mappings go with the request as well as with the template: so they hold whatever the alias is called. */
async function createIndex(connection: Connection, kind: IndexKind, alias: string): Promise<void> {
  const index = `${alias}-000001`;
  const body = {
    settings: settingsOf(kind),
    mappings: mappingOf(kind),
    aliases: { [alias]: { is_write_index: true } },
  };
  try {
    await connection.request({ method: 'PUT', path: `/${encodeURIComponent(index)}`, body });
    connection.logger.info('Created an index.', { index, alias });
  } catch (error) {
    // Another Spot may have been faster.
    if (!(error instanceof StoreError) || error.details['type'] !== 'resource_already_exists_exception') throw error;
  }
}

function notAnAlias(url: string, kind: IndexKind, alias: string): StoreError {
  return new StoreError(
    'STORE_INDEX_NOT_ALIAS',
    `${alias} at ${url} is an index, and Spot needs the name for an alias: choose another ${kind}_index, for example ${alias}_2 (dashboards on spot_${kind}_* show both)`,
    { details: { url, index: alias } },
  );
}

async function unlessMissing<T>(request: Promise<T>, instead: T): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_NOT_FOUND') return instead;
    throw error;
  }
}

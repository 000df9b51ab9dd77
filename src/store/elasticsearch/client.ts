import { readFileSync } from 'node:fs';
import { Client, type ClientOptions } from '@elastic/elasticsearch';
import { ConfigError, StoreError } from '../../util/errors.ts';
import type { ElasticsearchSettings } from './config.ts';
import { toStoreError } from './errors.ts';
import { LosslessSerializer } from './lossless-serializer.ts';

/** The majors this adapter is written and tested for. */
const MAJORS = [8, 9];

/**
 * Makes the client that the settings describe, without asking the server anything.
 *
 * @param major - whose compatibility to ask for; a 9.x client alone is refused by an 8.x server. Without it, plain JSON.
 * @throws ConfigError `CONFIG_UNSUPPORTED`, `CONFIG_INVALID_VALUE`, `CONFIG_UNREADABLE_FILE`
 */
export function makeClient(settings: ElasticsearchSettings, major?: number): Client {
  const mediaType =
    major === undefined ? 'application/json' : `application/vnd.elasticsearch+json; compatible-with=${major}`;
  return new Client({
    node: settings.elasticsearch_url,
    Serializer: LosslessSerializer,
    requestTimeout: settings.request_timeout_seconds * 1000,
    // What to repeat, and for how long, is decided in bulk.ts and by the crawler.
    maxRetries: 0,
    headers: { accept: mediaType, 'content-type': mediaType },
    redaction: { type: 'remove' },
    ...authOf(settings),
    ...tlsOf(settings),
  });
}

/**
 * Asks the server for its major version, in a way that every version understands.
 *
 * `GET /` is not used: it may be switched off or refused. A user who may not ask (right `monitor`) gets 8, which 9 understands as well.
 *
 * @throws StoreError `STORE_UNSUPPORTED` for another major or another product
 */
export async function probeMajor(client: Client, url: string): Promise<number> {
  const version = await readVersion(client, url);
  if (version === undefined) return 8;

  const major = Number.parseInt(version, 10);
  if (MAJORS.includes(major)) return major;
  throw new StoreError(
    'STORE_UNSUPPORTED',
    `Elasticsearch at ${url} has version ${version}, and Spot speaks with 8 and 9: upgrade it, or use sqlite:PATH`,
    {
      details: { url, version },
    },
  );
}

async function readVersion(client: Client, url: string): Promise<string | undefined> {
  try {
    const answer = await client.transport.request<{ nodes?: Readonly<Record<string, { version?: string }>> }>({
      method: 'GET',
      path: '/_nodes/_local',
      querystring: { filter_path: 'nodes.*.version' },
    });
    return Object.values(answer.nodes ?? {})[0]?.version;
  } catch (thrown) {
    const error = toStoreError(thrown, url);
    if (error instanceof StoreError && error.code === 'STORE_FORBIDDEN') return undefined;
    throw error;
  }
}

function authOf(settings: ElasticsearchSettings): Pick<ClientOptions, 'auth'> {
  const { auth_type: type, username, password, api_key: apiKey } = settings;
  if (type === 'cognito') {
    throw new ConfigError(
      'CONFIG_UNSUPPORTED',
      '[SPOT_ELASTICSEARCH] auth_type cognito is not supported: use direct with a user, or api_key',
    );
  }
  if (type === 'api_key' || (type === '' && apiKey !== '')) {
    if (apiKey === '') throw missing('api_key');
    return { auth: { apiKey } };
  }
  if (type === 'direct' || username !== '') {
    if (username === '') throw missing('username');
    return { auth: { username, password } };
  }
  return {};
}

function missing(key: string): ConfigError {
  return new ConfigError(
    'CONFIG_INVALID_VALUE',
    `[SPOT_ELASTICSEARCH] ${key} is empty, but auth_type asks for it: set it, or another auth_type`,
  );
}

function tlsOf({ ca_file: file }: ElasticsearchSettings): Pick<ClientOptions, 'tls'> {
  if (file === '') return {};
  try {
    return { tls: { ca: readFileSync(file), rejectUnauthorized: true } };
  } catch (cause) {
    throw new ConfigError(
      'CONFIG_UNREADABLE_FILE',
      `[SPOT_ELASTICSEARCH] ca_file ${file} cannot be read: name a file with certificates in PEM form`,
      {
        details: { file },
        cause,
      },
    );
  }
}

import { readFile } from 'node:fs/promises';
import { ConfigError, SourceError } from '../../util/errors.ts';
import type { EventLogsSettings } from './config.ts';
import { type HttpClient, readText } from './http-client.ts';
import type { S3Credentials } from './s3-signature.ts';

interface Temporary {
  /** Undefined: requests go unsigned. */
  readonly credentials: S3Credentials | undefined;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Temporary credentials are asked for anew so long before they end. */
const EARLY_MS = 5 * 60 * 1000;
/** Whoever has no credentials is asked again after this. */
const ANONYMOUS_MS = 60 * 1000;
const INSTANCE = 'http://169.254.169.254';
const CONTAINER = 'http://169.254.170.2';
const INSTANCE_PATH = '/latest/meta-data/iam/security-credentials/';
/** Off Amazon's machines nothing answers at these addresses, and waiting for it would hold up the start. */
const METADATA_TIMEOUT_MS = 1000;

/**
 * Where the credentials of an S3 bucket come from: the settings, else the environment, else the role of the container,
 * else the role of the EC2 instance, else none.
 */
export class S3CredentialChain {
  readonly #settings: EventLogsSettings;
  readonly #http: HttpClient;
  readonly #environment: Environment;
  readonly #now: () => number;
  #held: Promise<Temporary> | undefined;
  #heldUntil = 0;

  constructor(settings: EventLogsSettings, http: HttpClient, environment: Environment, now: () => number) {
    const { s3_access_key_id: id, s3_secret_access_key: secret } = settings;
    if ((id === '') !== (secret === '')) {
      throw new ConfigError(
        'CONFIG_INVALID_VALUE',
        '[EVENT_LOGS] needs both s3_access_key_id and s3_secret_access_key, or neither',
      );
    }
    this.#settings = settings;
    this.#http = http;
    this.#environment = environment;
    this.#now = now;
  }

  /** @returns undefined where there are none: then requests go unsigned, as public buckets take them */
  async get(): Promise<S3Credentials | undefined> {
    const fixed = this.#fixed();
    if (fixed !== undefined) return fixed;
    if (this.#held === undefined || this.#now() >= this.#heldUntil) {
      this.#heldUntil = Infinity;
      this.#held = this.#ofRole();
      try {
        this.#heldUntil = (await this.#held).expires - EARLY_MS;
      } catch (error) {
        this.#held = undefined;
        throw error;
      }
    }
    return (await this.#held).credentials;
  }

  #fixed(): S3Credentials | undefined {
    const { s3_access_key_id: id, s3_secret_access_key: secret, s3_session_token: token } = this.#settings;
    if (id !== '') return credentials(id, secret, token);
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = this.#environment;
    if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) return undefined;
    return credentials(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN ?? '');
  }

  async #ofRole(): Promise<Temporary> {
    const container = await this.#ofContainer();
    if (container !== undefined) return container;
    const isOff = this.#environment['AWS_EC2_METADATA_DISABLED'] === 'true' || this.#settings.s3_endpoint !== '';
    const instance = isOff ? undefined : await this.#ofInstance();
    return instance ?? { credentials: undefined, expires: this.#now() + EARLY_MS + ANONYMOUS_MS };
  }

  /** ECS and EKS pod identity. */
  async #ofContainer(): Promise<Temporary | undefined> {
    const {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: full,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    } = this.#environment;
    const address = relative === undefined ? full : `${CONTAINER}${relative}`;
    if (address === undefined) return undefined;
    const { origin, pathname, search } = new URL(address);
    const authorization = tokenFile === undefined ? token : (await readFile(tokenFile, 'utf8')).trim();
    const headers = authorization === undefined ? {} : { authorization };
    const text = await this.#ask(origin, pathname + search, headers);
    if (text === undefined)
      throw new SourceError('SOURCE_UNAUTHORIZED', `${origin} gives no credentials for the role of the container`, {
        retryable: true,
      });
    return parseTemporary(text, origin);
  }

  /** The instance metadata service, version 2: a token first, then the role's name, then its credentials. */
  async #ofInstance(): Promise<Temporary | undefined> {
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '300' };
    const token = await this.#ask(INSTANCE, '/latest/api/token', ttl, 'PUT');
    if (token === undefined) return undefined;
    const headers = { 'x-aws-ec2-metadata-token': token };
    const role = await this.#ask(INSTANCE, INSTANCE_PATH, headers);
    if (role === undefined || role === '') return undefined;
    const text = await this.#ask(INSTANCE, INSTANCE_PATH + encodeURIComponent(role.split('\n')[0] ?? ''), headers);
    return text === undefined ? undefined : parseTemporary(text, INSTANCE);
  }

  /** @returns undefined when nobody answers, or not with 200 */
  async #ask(
    origin: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    method: 'GET' | 'PUT' = 'GET',
  ): Promise<string | undefined> {
    try {
      const { status, body } = await this.#http.ask(
        { method, origin, path, headers },
        AbortSignal.timeout(METADATA_TIMEOUT_MS),
      );
      const text = await readText(body, origin);
      return status === 200 ? text : undefined;
    } catch {
      return undefined;
    }
  }
}

function credentials(accessKeyId: string, secretAccessKey: string, token: string): S3Credentials {
  return { accessKeyId, secretAccessKey, sessionToken: token === '' ? undefined : token };
}

function parseTemporary(text: string, origin: string): Temporary {
  try {
    const {
      AccessKeyId: id,
      SecretAccessKey: secret,
      Token: token,
      Expiration: expiration,
    } = JSON.parse(text) as Record<string, unknown>;
    const expires = Date.parse(String(expiration));
    if (typeof id === 'string' && typeof secret === 'string' && typeof token === 'string' && !Number.isNaN(expires)) {
      return { credentials: credentials(id, secret, token), expires };
    }
  } catch {
    // Told below, without the text, which may hold a secret.
  }
  throw new SourceError('SOURCE_WRONG_ANSWER', `${origin} gives credentials in a shape that is not Amazon's`);
}

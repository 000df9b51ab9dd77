import { isIP } from 'node:net';
import type { Chunks } from '../../eventlog/bytes/byte-window.ts';
import type { ListedFile } from '../../eventlog/bytes/layout.ts';
import type { OpenOptions } from '../../eventlog/bytes/log-file.ts';
import { ConfigError, SourceError } from '../../util/errors.ts';
import type { EventLogsSettings } from './config.ts';
import { vanishedError } from './errors.ts';
import { isHidden, type ListOptions, type LogFileSystem } from './file-system.ts';
import { header, type HttpAnswer, HttpClient, type HttpHeaders, type HttpRequest, readText } from './http-client.ts';
import { S3CredentialChain } from './s3-credentials.ts';
import { parseS3Page, s3ErrorCode, type S3Object, type S3Page } from './s3-list.ts';
import { encodeKey, queryString, signS3 } from './s3-signature.ts';

export interface S3Options {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly now?: (() => number) | undefined;
  readonly random?: (() => number) | undefined;
}

const DEFAULT_REGION = 'us-east-1';
/** What Spark names the folders of rolling logs. */
const ROLLING_PREFIX = 'eventlog_v2_';

/** A bucket of Amazon S3 or of a store that speaks its protocol, below a prefix. */
export class S3FileSystem implements LogFileSystem {
  readonly host: string;
  readonly description: string;
  readonly #bucket: string;
  /** Empty, or ending in `/`. */
  readonly #prefix: string;
  readonly #region: string;
  readonly #origin: string;
  /** Of each request's path: `/bucket/` in path style, else `/`. */
  readonly #root: string;
  readonly #http: HttpClient;
  readonly #credentials: S3CredentialChain;
  readonly #now: () => number;

  /** @throws ConfigError when path and s3_… do not fit together */
  constructor(settings: EventLogsSettings, { environment = process.env, now = Date.now, random }: S3Options = {}) {
    const { bucket, prefix } = parsePath(settings.path);
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#region =
      [settings.s3_region, environment['AWS_REGION'], environment['AWS_DEFAULT_REGION'], DEFAULT_REGION].find(
        (name) => name !== undefined && name !== '',
      ) ?? DEFAULT_REGION;
    const endpoint = new URL(
      settings.s3_endpoint === '' ? `https://s3.${this.#region}.amazonaws.com` : settings.s3_endpoint,
    );
    // A bucket's name with dots would not fit the certificate, and an address of numbers has no names below it.
    const isPathStyle =
      settings.s3_path_style || bucket.includes('.') || isIP(endpoint.hostname.replace(/^\[|\]$/g, '')) !== 0;
    if (!isPathStyle) endpoint.hostname = `${bucket}.${endpoint.hostname}`;
    this.#origin = endpoint.origin;
    this.#root = isPathStyle ? `/${encodeKey(bucket)}/` : '/';
    this.host = endpoint.hostname;
    this.description = `event logs in s3://${bucket}/${prefix}${settings.s3_endpoint === '' ? '' : ` at ${new URL(settings.s3_endpoint).host}`}`;
    this.#http = new HttpClient({
      idleTimeoutMs: settings.idle_timeout_seconds * 1000,
      retries: settings.retries,
      random,
    });
    this.#credentials = new S3CredentialChain(settings, this.#http, environment, now);
    this.#now = now;
  }

  /** A thousand keys a request; not recursive, the keys directly below the prefix and those of rolling logs. */
  async list({ recursive, signal }: ListOptions): Promise<readonly ListedFile[]> {
    if (recursive) return await this.#listKeys({ prefix: this.#prefix }, signal);
    const direct = await this.#listKeys({ prefix: this.#prefix, delimiter: '/' }, signal);
    return [
      ...direct,
      ...(await this.#listKeys({ prefix: this.#prefix + ROLLING_PREFIX }, signal)).filter(
        ({ path }) => path.split('/').length === 2,
      ),
    ];
  }

  open(path: string, options: OpenOptions = {}): Chunks {
    const { end, signal } = options;
    const state: { etag: string | undefined } = { etag: undefined };
    return this.#http.download(options, async (start) => {
      const range =
        start === 0 && end === undefined ? {} : { range: `bytes=${start}-${end === undefined ? '' : end - 1}` };
      // What goes on after a break must be the same object.
      const same = state.etag === undefined ? {} : { 'if-match': state.etag };
      const answer = await this.#http.ask(await this.#request(path, {}, { ...range, ...same }), signal);
      state.etag ??= header(answer.headers, 'etag');
      return await this.#checkObject(answer, path, start);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }

  async #listKeys(query: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<ListedFile[]> {
    const files: ListedFile[] = [];
    let next: string | undefined;
    do {
      const page = {
        ...query,
        'list-type': '2',
        'encoding-type': 'url',
        ...(next === undefined ? {} : { 'continuation-token': next }),
      };
      const { objects, next: following } = await this.#http.again(() => this.#listPage(page, signal), signal);
      if (following !== undefined && following === next)
        throw new SourceError('SOURCE_WRONG_ANSWER', `${this.#origin} lists in a circle`);
      next = following;
      for (const object of objects) {
        const file = this.#fileOf(object);
        if (file !== undefined) files.push(file);
      }
    } while (next !== undefined);
    return files;
  }

  async #listPage(query: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<S3Page> {
    const { status, headers, body } = await this.#http.ask(await this.#request(undefined, query), signal);
    const text = await readText(body, this.#origin);
    if (status !== 200) throw this.#error(status, headers, text, undefined);
    return parseS3Page(text);
  }

  /** @returns undefined for the mark of a folder, and for what is hidden */
  #fileOf({ key, size, modified, etag }: S3Object): ListedFile | undefined {
    const path = key.slice(this.#prefix.length);
    if (!key.startsWith(this.#prefix) || path === '' || path.endsWith('/') || path.split('/').some(isHidden))
      return undefined;
    return { path, size, modified, version: etag };
  }

  /** @param path - of an object; the bucket when undefined */
  async #request(
    path: string | undefined,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpRequest> {
    const credentials = await this.#credentials.get();
    const wirePath = path === undefined ? this.#root : this.#root + encodeKey(this.#prefix + path);
    const host = new URL(this.#origin).host;
    const signed =
      credentials === undefined
        ? headers
        : signS3(
            { method: 'GET', host, path: wirePath, query, headers },
            credentials,
            this.#region,
            new Date(this.#now()),
          );
    const search = queryString(query);
    return { origin: this.#origin, path: search === '' ? wirePath : `${wirePath}?${search}`, headers: signed };
  }

  async #checkObject(answer: HttpAnswer, path: string, start: number): Promise<HttpAnswer> {
    const { status, headers, body } = answer;
    if (status === 206 || (status === 200 && start === 0)) return answer;
    const text = await readText(body, this.#origin);
    // The range begins behind the end: there is nothing there, which is no failure.
    if (status === 416) return { ...answer, body: nothing() };
    if (status === 200)
      throw new SourceError(
        'SOURCE_WRONG_ANSWER',
        `${this.#origin} gives the whole object where a part was asked for`,
        { details: { path } },
      );
    if (status === 412) throw vanishedError(`s3://${this.#bucket}/${this.#prefix}${path}`);
    throw this.#error(status, headers, text, path);
  }

  #error(status: number, headers: HttpHeaders, text: string, path: string | undefined): SourceError {
    const place = `s3://${this.#bucket}/${this.#prefix}${path ?? ''}`;
    const code = s3ErrorCode(text) ?? '';
    const region = header(headers, 'x-amz-bucket-region');
    const details = { place, status, code, ...(region === undefined ? {} : { region }) };
    if (status === 404 && path !== undefined && code !== 'NoSuchBucket') return vanishedError(place);
    if (status === 404)
      return new SourceError(
        'SOURCE_WRONG_ADDRESS',
        `${place} is not there (${code}); check path, s3_endpoint and s3_path_style`,
        { details },
      );
    if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed') {
      const hint = region === undefined ? 'check s3_region and s3_endpoint' : `set s3_region = ${region}`;
      return new SourceError('SOURCE_REDIRECTED', `${place} lies in another region than ${this.#region}; ${hint}`, {
        details,
      });
    }
    if (status === 401 || status === 403) {
      return new SourceError(
        'SOURCE_UNAUTHORIZED',
        `${place} may not be read with these credentials (${code}); they need s3:ListBucket and s3:GetObject`,
        { details },
      );
    }
    return new SourceError('SOURCE_REFUSED', `${place} cannot be read: HTTP status ${status} ${code}`.trimEnd(), {
      details,
    });
  }
}

function parsePath(path: string): { readonly bucket: string; readonly prefix: string } {
  // s3a and s3n are the names that Hadoop's clients, and with them Spark, give the same thing.
  const match = /^s3[an]?:\/\/([^/]+)(\/.*)?$/i.exec(path);
  if (match === null)
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      `[EVENT_LOGS] path is ${JSON.stringify(path)}, but must be s3://bucket/prefix`,
    );
  const inBucket = (match[2] ?? '').replace(/^\/+/, '').replace(/\/+$/, '');
  return { bucket: match[1] ?? '', prefix: inBucket === '' ? '' : `${inBucket}/` };
}

async function* nothing(): AsyncGenerator<Buffer> {
  // No bytes.
}

import type { Chunks } from '../../eventlog/bytes/byte-window.ts';
import type { ListedFile } from '../../eventlog/bytes/layout.ts';
import type { OpenOptions } from '../../eventlog/bytes/log-file.ts';
import { SourceError } from '../../util/errors.ts';
import type { EventLogsSettings } from './config.ts';
import { outsideError } from './errors.ts';
import { isHidden, type ListOptions, type LogFileSystem, MAX_DEPTH, ROLLING_FOLDER } from './file-system.ts';
import { header, type HttpAnswer, HttpClient, readText } from './http-client.ts';
import { dataNodeRequest, encodePath, nameNodePath, parseWebHdfsPath } from './webhdfs-address.ts';
import { type FileStatus, parseStatus, parseStatuses, remoteError } from './webhdfs-answers.ts';

/**
 * A folder of HDFS, read over WebHDFS (of a NameNode or of HttpFS), or a single log in it.
 *
 * Of several NameNodes (`webhdfs://nn1:9870,nn2:9870/logs`) the active one is found, and found again after a failover.
 * A file's bytes come from a DataNode, to which the NameNode redirects; nothing else is followed.
 */
export class WebHdfsFileSystem implements LogFileSystem {
  readonly host: string;
  readonly description: string;
  readonly #origins: readonly string[];
  /** Which NameNode answered last. */
  #active = 0;
  readonly #root: string;
  /** Set when the path names a file: then there is only this one. */
  #only: string | undefined;
  readonly #identity: Readonly<Record<string, string>>;
  readonly #http: HttpClient;

  private constructor(settings: EventLogsSettings, random: (() => number) | undefined) {
    const { origins, path } = parseWebHdfsPath(settings.path);
    this.#origins = origins;
    this.#root = path;
    this.host = new URL(this.#origin).hostname;
    this.description = `event logs in ${settings.path}`;
    this.#identity = {
      ...(settings.webhdfs_user === '' ? {} : { 'user.name': settings.webhdfs_user }),
      ...(settings.webhdfs_delegation_token === '' ? {} : { delegation: settings.webhdfs_delegation_token }),
    };
    // The first try of each further NameNode comes on top.
    const retries = settings.retries + origins.length - 1;
    this.#http = new HttpClient({ idleTimeoutMs: settings.idle_timeout_seconds * 1000, retries, random });
  }

  /** @throws ConfigError when the path is none of WebHDFS; SourceError when there is nothing at it */
  static async open(
    settings: EventLogsSettings,
    { random }: { readonly random?: (() => number) | undefined } = {},
  ): Promise<WebHdfsFileSystem> {
    const fileSystem = new WebHdfsFileSystem(settings, random);
    try {
      const { type } = parseStatus(await fileSystem.#text('', 'GETFILESTATUS', undefined));
      if (type === 'FILE') fileSystem.#only = fileSystem.#root.slice(fileSystem.#root.lastIndexOf('/') + 1);
      return fileSystem;
    } catch (error) {
      await fileSystem[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** One request a folder. */
  async list(options: ListOptions): Promise<readonly ListedFile[]> {
    if (this.#only !== undefined)
      return [fileOf(this.#only, parseStatus(await this.#text('', 'GETFILESTATUS', options.signal)))];
    return await this.#listFolder('', options.recursive ? MAX_DEPTH : 0, options);
  }

  open(path: string, options: OpenOptions = {}): Chunks {
    const { end, signal } = options;
    return this.#http.download(options, async (start) => {
      const length = end === undefined ? {} : { length: String(end - start) };
      const answer = await this.#askNameNode(path, { op: 'OPEN', offset: String(start), ...length }, signal);
      if (answer.status === 200) return answer;
      await readText(answer.body, this.#origin);
      const request = dataNodeRequest(header(answer.headers, 'location'), this.#origin);
      const data = await this.#http.ask(request, signal);
      if (data.status !== 200) throw remoteError(data.status, await readText(data.body, request.origin), path);
      return data;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }

  get #origin(): string {
    return this.#origins[this.#active] ?? '';
  }

  /** @param depth - how many levels of ordinary folders may still be entered */
  async #listFolder(folder: string, depth: number, options: ListOptions): Promise<ListedFile[]> {
    const files: ListedFile[] = [];
    for (const status of await this.#statusesIn(folder, options)) {
      const name = status.pathSuffix;
      if (isHidden(name) || !isPlainName(name)) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      // Symbolic links have a type of their own: they are neither listed nor followed.
      if (status.type === 'FILE') files.push(fileOf(path, status));
      const isEntered = status.type === 'DIRECTORY' && (depth > 0 || (folder === '' && ROLLING_FOLDER.test(name)));
      if (isEntered) files.push(...(await this.#listFolder(path, depth - 1, options)));
    }
    return files;
  }

  async #statusesIn(folder: string, { signal, onSkipped }: ListOptions): Promise<readonly FileStatus[]> {
    try {
      return parseStatuses(await this.#text(folder, 'LISTSTATUS', signal));
    } catch (error) {
      // A folder that was deleted meanwhile, or may not be entered, hides its own logs only.
      const isOfFolder =
        error instanceof SourceError && (error.code === 'SOURCE_RUN_VANISHED' || error.code === 'SOURCE_UNAUTHORIZED');
      if (folder === '' || !isOfFolder) throw error;
      onSkipped?.(folder, error);
      return [];
    }
  }

  async #text(path: string, op: string, signal: AbortSignal | undefined): Promise<string> {
    return await this.#http.again(async () => {
      const { body } = await this.#askNameNode(path, { op }, signal);
      return await readText(body, this.#origin);
    }, signal);
  }

  /** An answer of 200 or a redirect; a NameNode that is down or on standby hands the next try to the next one. */
  async #askNameNode(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    if (path !== '' && !path.split('/').every(isPlainName))
      throw outsideError(path, 'the name leads out of the folder');
    const full = path === '' || path === this.#only ? this.#root : `${this.#root === '/' ? '' : this.#root}/${path}`;
    const wirePath = nameNodePath(encodePath(full), { ...query, ...this.#identity });
    try {
      const answer = await this.#http.ask({ origin: this.#origin, path: wirePath }, signal);
      if (answer.status === 200 || answer.status === 307) return answer;
      throw remoteError(answer.status, await readText(answer.body, this.#origin), full);
    } catch (error) {
      const isOfNameNode = error instanceof SourceError && error.retryable && error.code !== 'SOURCE_RUN_VANISHED';
      if (isOfNameNode) this.#active = (this.#active + 1) % this.#origins.length;
      throw error;
    }
  }
}

function fileOf(path: string, { length, modificationTime, fileId }: FileStatus): ListedFile {
  return { path, size: length, modified: modificationTime, version: fileId === undefined ? '' : String(fileId) };
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}

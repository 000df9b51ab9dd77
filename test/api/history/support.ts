import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HistoryServer } from '../../../src/api/history/history-server.ts';
import { LogHistory } from '../../../src/app/log-history.ts';
import { defaultsOf } from '../../../src/config/section.ts';
import type { RestDialect } from '../../../src/eventlog/replay/executor-metrics.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { eventLogsSection } from '../../../src/sources/event-log/config.ts';
import { EventLogSource } from '../../../src/sources/event-log/event-log-source.ts';

export interface ServedHistory extends AsyncDisposable {
  /** Scheme, host and port. */
  readonly url: string;
  readonly history: LogHistory;
  /** @param path - relative to `/api/v1/` */
  ask(path: string): Promise<RestAnswer>;
}

export interface RestAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** A server over folders of event logs, in this process. */
export async function serveLogs(
  paths: readonly string[],
  { dialect = '4.0', cacheMb = 256 }: { readonly dialect?: RestDialect; readonly cacheMb?: number } = {},
): Promise<ServedHistory> {
  const opened = new AsyncDisposableStack();
  const sources: EventLogSource[] = [];
  for (const path of paths) {
    const settings = { ...defaultsOf(eventLogsSection), threads: 2, path };
    sources.push(opened.use(await EventLogSource.open(settings, { logger: silentLogger })));
  }
  const history = await LogHistory.open(sources, { dialect, cacheBytes: cacheMb * 1024 ** 2, logger: silentLogger });
  const server = opened.use(
    await HistoryServer.listen(history, { port: 0, logger: silentLogger, now: () => new Date() }),
  );
  return {
    url: server.url,
    history,
    ask: (path) => ask(`${server.url}/api/v1/${path}`),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

export async function ask(address: string): Promise<RestAnswer> {
  const response = await fetch(address);
  const contentType = response.headers.get('content-type') ?? '';
  return { status: response.status, contentType, text: await response.text() };
}

/** A folder for one suite, with these files. */
export async function folderWith(files: Readonly<Record<string, Buffer>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spot-history-'));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** An answer without when its server last looked at the log, which is a property of the server. */
export function withoutLastUpdated(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (key, value: unknown) =>
    key.startsWith('lastUpdated') ? undefined : value,
  );
}

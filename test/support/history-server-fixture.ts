import { defaultsOf } from '../../src/config/section.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { historyServerSection, type HistoryServerSettings } from '../../src/sources/history-server/config.ts';
import {
  HistoryServerSource,
  type HistoryServerOptions,
} from '../../src/sources/history-server/history-server-source.ts';
import { FakeHistoryServer, recordedRun } from './fake-history-server.ts';

/** A source on a server, its waits recorded instead of waited. */
export interface OpenedHistoryServer {
  readonly source: HistoryServerSource;
  /** Milliseconds of each wait before a further try. */
  readonly waits: readonly number[];
}

export function openHistoryServer(
  apiBaseUrl: string,
  settings: Partial<HistoryServerSettings> = {},
  options: Partial<HistoryServerOptions> = {},
): OpenedHistoryServer {
  const waits: number[] = [];
  const source = HistoryServerSource.open(
    { ...defaultsOf(historyServerSection), api_base_url: apiBaseUrl, ...settings },
    {
      logger: silentLogger,
      random: () => 0.5,
      sleep: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
      ...options,
    },
  );
  return { source, waits };
}

/** A fake server that holds the recorded word count. */
export async function startWithWordCount(
  options?: Parameters<typeof FakeHistoryServer.start>[0],
): Promise<FakeHistoryServer> {
  const server = await FakeHistoryServer.start(options);
  const { application, answers } = recordedRun('smoke-wordcount');
  server.put(application, answers);
  return server;
}

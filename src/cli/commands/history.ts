import { InvalidArgumentError, Option } from 'commander';
import { HistoryServer } from '../../api/history/history-server.ts';
import { LogHistory } from '../../app/log-history.ts';
import { toError } from '../../util/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';

interface HistoryOptions {
  readonly eventLogDir: readonly string[];
  readonly port: number;
  readonly host: string;
  readonly pollSeconds: number;
  readonly cacheMb: number;
  readonly sparkVersion: '4.0' | '3.5';
}

/** `spot history`: a History Server over event logs. */
export function historyCommand(host: CommandHost) {
  return defineCommand<HistoryOptions>(
    {
      name: 'history',
      summary: "serve event logs as Spark's History Server does: /api/v1, for clients written for it",
      formats: [],
      logsByDefault: () => true,
      examples: [
        'spot history --event-log-dir /var/log/spark/events',
        'spot history --event-log-dir s3://logs/spark --port 18080',
        'curl http://127.0.0.1:18080/api/v1/applications',
      ],
    },
    host,
    (command) =>
      command
        .requiredOption(
          '--event-log-dir <path...>',
          'folders with event logs: a path, s3://bucket/prefix, webhdfs://host:port/path',
        )
        .option('--port <port>', 'where to listen; 0 for any that is free', numberBetween(0, 65_535), 18_080)
        .option(
          '--host <address>',
          'address to listen on; 0.0.0.0 lets other machines in, without a password',
          '127.0.0.1',
        )
        .option('--poll-seconds <seconds>', 'how often to look for new and changed logs', numberBetween(1, 86_400), 10)
        .option('--cache-mb <MiB>', 'memory for runs that were read already', numberBetween(0, 1_048_576), 256)
        .addOption(
          new Option('--spark-version <version>', 'which server to answer as').choices(['4.0', '3.5']).default('4.0'),
        ),
    async ({ spot, output, signal }, options) => {
      const sources = await spot.openEventLogs(options.eventLogDir, 'history');
      const logger = spot.logger.child({ component: 'history' });
      const history = await LogHistory.open(
        sources,
        { dialect: options.sparkVersion, cacheBytes: options.cacheMb * 1024 ** 2, logger },
        signal,
      );
      let server: HistoryServer;
      try {
        const { host: address, port } = options;
        server = await HistoryServer.listen(history, { host: address, port, logger, now: spot.environment.now });
      } catch (error) {
        output.note(`spot: ${options.host}:${options.port} cannot be listened on (${toError(error).message})`);
        return EXIT.unavailable;
      }
      await using _ = server;
      await output.line(`${server.url}/api/v1`);
      const applications = history.applications();
      const logs = applications.reduce((sum, { attempts }) => sum + attempts.length, 0);
      const unlisted = sources.reduce((sum, source) => sum + source.unlisted.length, 0);
      output.note(
        `Serving ${applications.length} applications of ${logs} logs in ${options.eventLogDir.join(', ')}` +
          (unlisted === 0 ? '' : `; ${unlisted} files tell of no run`),
      );
      await history.follow(options.pollSeconds, signal);
      return EXIT.ok;
    },
  );
}

function numberBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`write a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

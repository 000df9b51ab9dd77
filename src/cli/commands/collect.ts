import { crawlOnce } from '../../crawler/crawler.ts';
import { SpotError } from '../../util/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { CrawlProgress } from '../crawl-progress.ts';
import { crawlExitCode, crawlSummary } from '../crawl-result.ts';

interface CollectOptions {
  readonly eventLogDir: readonly string[];
  readonly cluster: string;
}

/** `spot collect`: reads event logs once, without any server. */
export function collectCommand(host: CommandHost) {
  return defineCommand<CollectOptions>(
    {
      name: 'collect',
      summary: 'read event logs once, straight from a folder, a bucket or HDFS',
      formats: [],
      examples: [
        'spot collect --event-log-dir /var/log/spark/events',
        'spot collect --event-log-dir s3://logs/spark --event-log-dir webhdfs://namenode:9870/spark-events',
      ],
    },
    host,
    (command) =>
      command
        .requiredOption(
          '--event-log-dir <path...>',
          'folders with event logs: a path, s3://bucket/prefix, webhdfs://host:port/path',
        )
        .option('--cluster <name>', 'the cluster that the runs belong to', 'default'),
    async ({ spot, output, signal }, options) => {
      const sources = await spot.openEventLogs(options.eventLogDir, options.cluster);
      using progress = new CrawlProgress(output, spot.environment.now);
      const store = await spot.openStore('write', {
        signal,
        onFailure: (error) => {
          progress.storeFailed(error);
        },
      });
      const report = await crawlOnce(spot.crawlContexts(sources, store, progress), { signal });

      const leftOut = sources.flatMap((source) => source.unlisted);
      for (const { path, error } of leftOut) progress.note(`  ${path} is left out: ${reasonOf(error)}`);
      progress.finish(crawlSummary(report, progress.failed, store));
      if (sources.length === 0) return EXIT.usage;
      const code = crawlExitCode(report, progress.failed);
      const listed = report.reports.reduce((sum, pass) => sum + pass.listed, 0);
      if (code !== EXIT.ok || listed > 0) return code;
      progress.note(`No event log in ${options.eventLogDir.join(', ')}`);
      // An empty folder is none's fault; a path that names a file which is no log is.
      return leftOut.length > 0 ? EXIT.failed : EXIT.ok;
    },
  );
}

function reasonOf(error: Error): string {
  return error instanceof SpotError ? `${error.message} (${error.code})` : error.message;
}

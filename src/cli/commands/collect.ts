import { crawlOnce } from '../../crawler/crawler.ts';
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

      for (const source of sources) {
        for (const { path, error } of source.unlisted) progress.note(`  ${path} is left out: ${error.message}`);
      }
      progress.finish(crawlSummary(report, progress.failed, store));
      return sources.length === 0 ? EXIT.usage : crawlExitCode(report, progress.failed);
    },
  );
}

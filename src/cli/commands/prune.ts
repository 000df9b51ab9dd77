import { parseMoment } from '../time-argument.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { timeText } from '../units.ts';

interface PruneCommandOptions {
  readonly olderThan: Date;
  readonly keepAgg?: boolean;
  readonly dryRun?: boolean;
}

/** `spot prune`: deletes what is old. */
export function pruneCommand(host: CommandHost) {
  return defineCommand<PruneCommandOptions>(
    {
      name: 'prune',
      summary: 'delete the documents of runs that ended long ago; spot crawl may go on meanwhile',
      formats: ['table', 'json'],
      examples: [
        'spot prune --older-than 180d --dry-run     how much that would be',
        'spot prune --older-than 30d --keep-agg     keep the aggregates for charts, drop raw and detail',
        'spot prune --older-than 2026-01-01',
      ],
    },
    host,
    (command) =>
      command
        .requiredOption(
          '--older-than <time>',
          'runs that ended before it: how long ago (180d, 26w) or a date',
          (text) => parseMoment(text, new Date()),
        )
        .option('--keep-agg', 'keep the aggregate documents: the runs stay listed, and are not read again')
        .option('--dry-run', 'only say how much that would be'),
    async ({ spot, output, signal }, { olderThan, keepAgg = false, dryRun = false, format }) => {
      const place = spot.storePlace;
      const store = await spot.openStore(dryRun ? 'read' : 'share');
      // Where there is no store, nothing was deleted, but not because nothing is old.
      await store.stats();
      const report = await store.prune({ endedBefore: olderThan, keepAggregates: keepAgg, isDryRun: dryRun, signal });
      if (format === 'json') {
        await output.json({ store: store.description, endedBefore: olderThan.toISOString(), dryRun, deleted: report });
        return EXIT.ok;
      }
      const { agg, raw, detail, err } = report;
      await output.line(
        `${dryRun ? 'Would delete' : 'Deleted'} ${agg} aggregate, ${raw} raw, ${detail} detail and ${err} error documents of runs that ended before ${timeText(olderThan.toISOString())}`,
      );
      if (!keepAgg && agg > 0)
        output.note('A run that a source still lists is read again at the next full sweep; --keep-agg avoids that.');
      if (!dryRun && place.kind === 'sqlite')
        output.note('The file keeps its size: the space is used for new runs. spot backup FILE writes a compact copy.');
      return EXIT.ok;
    },
  );
}

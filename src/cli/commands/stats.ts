import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { bytesText, timeText } from '../units.ts';

/** `spot stats`: how much is stored. */
export function statsCommand(host: CommandHost) {
  return defineCommand(
    {
      name: 'stats',
      summary: 'how much is stored',
      formats: ['table', 'json'],
      examples: ['spot stats', 'spot stats --format json'],
    },
    host,
    (command) => command,
    async ({ spot, output }, options) => {
      const store = await spot.openStore('read');
      const stats = await store.stats();
      if (options.format === 'json') {
        await output.json({ store: store.description, ...stats });
        return EXIT.ok;
      }
      const facts: readonly (readonly [string, string])[] = [
        ['Store', store.description],
        ['Runs', String(stats.agg)],
        ['  with raw document', String(stats.raw)],
        ['  with task detail', String(stats.detail)],
        ['Errors', String(stats.err)],
        ['Oldest end', stats.oldestEnd === undefined ? '-' : timeText(stats.oldestEnd)],
        ['Newest end', stats.newestEnd === undefined ? '-' : timeText(stats.newestEnd)],
        ['Size', stats.bytes === undefined ? 'not told by the store' : bytesText(stats.bytes)],
      ];
      await output.line(facts.map(([title, text]) => `${title.padEnd(20)}${text}`).join('\n'));
      return EXIT.ok;
    },
  );
}

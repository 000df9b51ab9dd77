import { resolve } from 'node:path';
import { backupStore } from '../../app/backup.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { bytesText } from '../units.ts';

/** `spot backup FILE`: the SQLite store as one file that was checked. */
export function backupCommand(host: CommandHost) {
  return defineCommand(
    {
      name: 'backup',
      summary: 'copy the SQLite store into a file while Spot goes on, and check the copy',
      formats: ['table', 'json'],
      examples: [
        'spot backup /backup/spot-$(date +%F).sqlite',
        'spot list --store sqlite:/backup/spot-2026-11-21.sqlite',
      ],
    },
    host,
    (command) => command.argument('<file>', 'must not be there yet'),
    async ({ spot, output }, { format }, [file = '']) => {
      const report = backupStore(spot.storePlace, resolve(file));
      if (format === 'json') await output.json(report);
      else
        await output.line(
          `${report.file}: ${report.runs} runs, ${report.errors} errors, ${bytesText(report.bytes)}, checked`,
        );
      return EXIT.ok;
    },
  );
}

import { examine, isHealthy, type Diagnosis } from '../../app/doctor.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { table, type Column } from '../table.ts';

const COLUMNS: readonly Column<Diagnosis>[] = [
  { title: 'VERDICT', cell: ({ verdict }) => verdict },
  { title: 'CHECK', cell: ({ check }) => check },
  { title: 'FOUND', cell: ({ found }) => found },
  { title: 'WHAT TO DO', cell: ({ advice }) => advice ?? '' },
];

/** `spot doctor`: is everything there that Spot needs? */
export function doctorCommand(host: CommandHost) {
  return defineCommand(
    {
      name: 'doctor',
      summary:
        'look at configuration, alerts, sources, clocks, store and disk, and say what to do; exit code 1 when something fails',
      formats: ['table', 'json'],
      examples: ['spot doctor', 'spot doctor --format json && systemctl start spot'],
    },
    host,
    (command) => command,
    async ({ spot, output, signal }, { format }) => {
      const diagnoses = await examine(spot, signal);
      if (format === 'json') await output.json(diagnoses);
      else await output.line(table(diagnoses, COLUMNS));
      return isHealthy(diagnoses) ? EXIT.ok : EXIT.failed;
    },
  );
}

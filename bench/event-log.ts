/**
 * What replaying an event log costs, as a ratio to the floor: reading the file and `JSON.parse` of every line.
 *
 *   node bench/event-log.ts [--mb 220] [--runs 3] [--log FILE] [--floor false]
 *
 * Each figure is taken in a process of its own; CPU seconds, because the machine may be shared.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Measured } from './support/child.ts';
import { runChild } from './support/child.ts';
import { writeLargeEventLog } from './support/large-event-log.ts';

const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '220' },
    runs: { type: 'string', default: '3' },
    log: { type: 'string' },
    floor: { type: 'string', default: 'true' },
  },
});
const MB = 1e6;

const folder = mkdtempSync(join(tmpdir(), 'spot-bench-'));
try {
  const log = values.log ?? join(folder, 'application');
  const bytes = values.log === undefined ? writeLargeEventLog(log, Number(values.mb) * MB) : statSync(log).size;
  const floors: Measured[] = [];
  const replays: Measured[] = [];
  for (let run = 0; run < Number(values.runs); run++) {
    if (values.floor === 'true') floors.push(await runChild('event-log/floor.ts', [log]));
    replays.push(await runChild('event-log/replay.ts', [log]));
  }
  const [sample] = replays;
  process.stdout.write(`${(bytes / MB).toFixed(0)} MB, ${sample?.['lines']} lines, ${sample?.['tasks']} tasks, `);
  process.stdout.write(`${sample?.['stages']} stages, ${sample?.['executions']} SQL executions\n`);
  process.stdout.write(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`);
  if (floors.length > 0) print('floor', floors, bytes);
  print('replay', replays, bytes);
  if (floors.length > 0) process.stdout.write(`replay / floor: ${(median(replays) / median(floors)).toFixed(2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function print(name: string, runs: readonly Measured[], bytes: number): void {
  const cpuMs = median(runs);
  const peak = Math.max(...runs.map(({ peakRssMb }) => peakRssMb));
  const perSecond = bytes / MB / (cpuMs / 1000);
  process.stdout.write(
    `${name}: ${(cpuMs / 1000).toFixed(2)} CPU s, ${perSecond.toFixed(0)} MB/s, peak ${peak.toFixed(0)} MB\n`,
  );
}

function median(runs: readonly Measured[]): number {
  const sorted = runs.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

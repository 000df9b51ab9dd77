import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import { median, runChild, type Measured } from '../support/child.ts';
import type { Bench } from '../support/goals.ts';
import { writeManyEventLogs } from '../support/many-event-logs.ts';
import { processCpuMs } from '../support/process-cpu.ts';

const LOGS = Number(process.env['SPOT_BENCH_LOGS'] ?? '2000');
const ROUNDS = 3;

/**
 * Many small logs: listing them for the first time, beside a History Server that is started over them, and collecting
 * them into SQLite, beside the floor (read every log, parse every line, keep nothing).
 */
export const bench: Bench = async () => {
  const root = await mkdtemp(join(tmpdir(), 'spot-bench-collect-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(root, { recursive: true, force: true }));
  const logDir = join(root, 'logs');
  const bytes = await writeManyEventLogs(logDir, LOGS);

  const floors: Measured[] = [];
  const lists: Measured[] = [];
  const collects: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    console.error(`round ${round + 1} of ${ROUNDS} ...`);
    floors.push(await runChild('collect/floor.ts', [logDir]));
    lists.push(await timed('collect/list.ts', [logDir]));
    const store = join(root, `round-${round}.sqlite`);
    collects.push(await runChild('collect/spot.ts', [logDir, `sqlite:${store}`]));
    await rm(store, { force: true });
  }
  for (const { runs } of [...lists, ...collects]) {
    if (runs !== LOGS) throw new Error(`a measurement saw ${runs} of ${LOGS} runs`);
  }
  const [floor, list, collect] = [median(floors), median(lists), median(collects)];

  console.error('the History Server ...');
  const server = await serverListing(logDir);

  const perCore = (measured: Measured): number => LOGS / (measured.cpuMs / 1000);
  return [
    { what: 'logs', value: LOGS, unit: '' },
    { what: 'length of a log', value: bytes / LOGS / 1000, unit: 'kB' },
    { what: 'first listing, with the start of the process', value: list['processMs']! / 1000, unit: 's' },
    { what: 'History Server: from its start until all are listed', value: server.wallMs / 1000, unit: 's' },
    {
      what: 'History Server: the same, times that of Spot',
      value: server.wallMs / list['processMs']!,
      unit: '×',
      atLeast: 10,
    },
    { what: 'first listing: CPU per log', value: list.cpuMs / LOGS, unit: 'ms' },
    { what: 'History Server: CPU per log', value: server.cpuMs / LOGS, unit: 'ms' },
    { what: 'floor: CPU per log', value: floor.cpuMs / LOGS, unit: 'ms' },
    { what: 'into SQLite: CPU per log', value: collect.cpuMs / LOGS, unit: 'ms' },
    { what: 'into SQLite: CPU, times the floor', value: collect.cpuMs / floor.cpuMs, unit: '×' },
    { what: 'into SQLite: applications per second and core', value: perCore(collect), unit: '', atLeast: 80 },
    { what: 'into SQLite: peak memory', value: collect.peakRssMb, unit: 'MB' },
  ];
};

/** With the start of the process: the server's start counts too. */
async function timed(file: string, args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const measured = await runChild(file, args);
  return { ...measured, processMs: performance.now() - started };
}

async function serverListing(logDir: string): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const started = performance.now();
  await using server = await startHistoryServer({ logDir, expectApplications: LOGS, heap: '2g', jvm: '' });
  return { wallMs: performance.now() - started, cpuMs: processCpuMs(server.process.pid) };
}

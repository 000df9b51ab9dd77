import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import { median, runChild, type Measured } from '../support/child.ts';
import type { Bench, Figure } from '../support/goals.ts';
import { writeLargeEventLog } from '../../test/support/large-event-log.ts';
import { processCpuMs } from '../support/process-cpu.ts';

const BYTES = 220e6;
const TIMES_LARGER = 10;
const ROUNDS = 3;
const SMALL_LOG = fileURLToPath(new URL('../../test/fixtures/event-logs/codecs/app', import.meta.url));
/** What the server is asked for: what Spot makes its documents from. The first request makes it replay the log. */
const PARTS = ['environment', 'allexecutors', 'stages', 'jobs', 'sql?length=10000'];

/**
 * One large log with SQL plans and accumulables, from its bytes to all documents: beside the floor (read it, parse every
 * line, keep nothing) and beside a real History Server that answers for the same log.
 */
export const bench: Bench = async () => {
  const root = await mkdtemp(join(tmpdir(), 'spot-bench-log-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(root, { recursive: true, force: true }));
  const log = join(root, 'application');
  const bytes = writeLargeEventLog(log, BYTES);
  await copyFile(SMALL_LOG, join(root, 'small'));

  const floors: Measured[] = [];
  const replays: Measured[] = [];
  const spots: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    console.error(`round ${round + 1} of ${ROUNDS} ...`);
    floors.push(await runChild('event-log/floor.ts', [log]));
    replays.push(await runChild('event-log/replay.ts', [log]));
    spots.push(await runChild('event-log/documents.ts', [root]));
  }
  const [floor, replay, spot] = [median(floors), median(replays), median(spots)];
  const peakMb = Math.max(...spots.map(({ peakRssMb }) => peakRssMb));

  console.error('the History Server ...');
  const server = await serverCpuMs(root);

  console.error(`a log ${TIMES_LARGER} times as long ...`);
  const longer = writeLargeEventLog(log, BYTES * TIMES_LARGER);
  const ofLonger = await runChild('event-log/documents.ts', [root]);

  console.error(`a log with ${TIMES_LARGER} times the tasks in each stage ...`);
  const wider = writeLargeEventLog(log, BYTES * TIMES_LARGER, TIMES_LARGER);
  const ofWider = await runChild('event-log/documents.ts', [root]);

  return [
    { what: 'length of the log', value: bytes / 1e6, unit: 'MB' },
    { what: 'its stages', value: spot['stages'] ?? NaN, unit: '' },
    { what: 'its SQL executions', value: spot['executions'] ?? NaN, unit: '' },
    { what: 'floor: CPU', value: floor.cpuMs / 1000, unit: 's' },
    { what: 'replay alone: CPU, times the floor', value: replay.cpuMs / floor.cpuMs, unit: '×' },
    { what: 'all documents: CPU', value: spot.cpuMs / 1000, unit: 's' },
    { what: 'all documents: CPU, times the floor', value: spot.cpuMs / floor.cpuMs, unit: '×', atMost: 1.6 },
    { what: 'History Server, same log: CPU', value: server / 1000, unit: 's' },
    { what: 'History Server: CPU, times that of Spot', value: server / spot.cpuMs, unit: '×', atLeast: 5 },
    { what: 'peak memory', value: peakMb, unit: 'MB', atMost: 250 },
    ...peakOf('of ten times the jobs', longer, ofLonger, peakMb),
    ...peakOf('with ten times the tasks in each stage', wider, ofWider, peakMb),
  ];
};

function peakOf(kind: string, bytes: number, { peakRssMb }: Measured, smallerMb: number): readonly Figure[] {
  const what = `peak memory, a log ${kind} (${(bytes / 1e9).toFixed(1)} GB)`;
  return [
    { what, value: peakRssMb, unit: 'MB' },
    { what: `${what}, times that of the smaller log`, value: peakRssMb / smallerMb, unit: '×', atMost: 1.2 },
  ];
}

/** CPU from before it knows the log until it has answered for it; a JVM as it comes, started and warm of a small log. */
async function serverCpuMs(logDir: string): Promise<number> {
  await using server = await startHistoryServer({
    logDir,
    expectApplications: 2,
    conf: { 'spark.history.fs.update.interval': '1h' },
    heap: '3g',
    jvm: '',
  });
  const list = await fetch(`${server.apiUrl}/applications`);
  const applications = (await list.json()) as readonly { readonly id: string }[];
  const small = applications.find(({ id }) => id.startsWith('local-'));
  const large = applications.find((application) => application !== small);
  if (small === undefined || large === undefined) throw new Error('the server does not list both logs');
  // The small log is of a Spark so old that the server has no answer for some of its parts.
  await askFor(server.apiUrl, small.id).catch(() => undefined);
  const before = processCpuMs(server.process.pid);
  await askFor(server.apiUrl, large.id);
  return processCpuMs(server.process.pid) - before;
}

async function askFor(apiUrl: string, run: string): Promise<void> {
  for (const part of PARTS) {
    const answer = await fetch(`${apiUrl}/applications/${run}/${part}`);
    if (answer.status !== 200) throw new Error(`${run}/${part}: ${answer.status}`);
    await answer.arrayBuffer();
  }
}

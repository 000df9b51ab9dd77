import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startElasticsearch } from '../../scripts/services/elasticsearch.ts';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import { cloneEventLogs } from '../../test/support/clone-event-logs.ts';
import { median, runChild, type Measured } from '../support/child.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import type { Bench } from '../support/goals.ts';

const APPLICATIONS = 300;
const ROUNDS = 5;
const CONCURRENCY = '2';

/**
 * What a crawl costs beside the floor: the same URLs fetched and parsed, nothing else. The server is warm for both.
 *
 * Floor and crawls take turns, so that a change of the machine's speed meets all of them.
 */
export const bench: Bench = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spot-bench-crawl-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const logDir = join(folder, 'logs');
  await cloneEventLogs({ logDir, count: APPLICATIONS });
  // The logs do not change: looking for new ones every second would burden the server that is measured.
  const conf = { 'spark.history.retainedApplications': '1000', 'spark.history.fs.update.interval': '1h' };
  const history = cleanup.use(await startHistoryServer({ logDir, conf, heap: '3g', expectApplications: APPLICATIONS }));
  const elasticsearch = cleanup.use(await startElasticsearch({}));

  console.error('warming the server ...');
  await runChild('crawl/floor.ts', [history.url, CONCURRENCY]);

  const floors: Measured[] = [];
  const sqlite: Measured[] = [];
  const elastic: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    console.error(`round ${round + 1} of ${ROUNDS} ...`);
    floors.push(await runChild('crawl/floor.ts', [history.url, CONCURRENCY]));
    sqlite.push(await runChild('crawl/spot.ts', [history.url, `sqlite:${join(folder, `round-${round}.sqlite`)}`]));
    elastic.push(
      await runChild('crawl/spot.ts', [history.url, `elasticsearch:${elasticsearch.url}`, `bench_${round}`]),
    );
  }
  for (const { runs } of [...floors, ...sqlite, ...elastic]) {
    if (runs !== APPLICATIONS) throw new Error(`a measurement saw ${runs} of ${APPLICATIONS} runs`);
  }
  const [floor, file, server] = [median(floors), median(sqlite), median(elastic)];

  const fewer = await crawlOfFewer(folder, history.url);
  await using proxy = await startCountingProxy(history.url);
  await runChild('crawl/spot.ts', [proxy.url, `sqlite:${join(folder, 'round-0.sqlite')}`]);

  const cpuPerRun = (measured: Measured): number => measured.cpuMs / APPLICATIONS;
  const runsPerSecond = (measured: Measured): number => APPLICATIONS / (measured.wallMs / 1000);
  return [
    { what: 'floor: CPU per application', value: cpuPerRun(floor), unit: 'ms' },
    { what: 'floor: applications per second', value: runsPerSecond(floor), unit: '' },
    { what: 'SQLite: CPU per application', value: cpuPerRun(file), unit: 'ms' },
    { what: 'SQLite: CPU, times the floor', value: cpuPerRun(file) / cpuPerRun(floor), unit: '×', atMost: 2.5 },
    {
      what: 'SQLite: applications per second, share of the floor',
      value: runsPerSecond(file) / runsPerSecond(floor),
      unit: '',
      atLeast: 0.7,
    },
    { what: 'Elasticsearch: CPU per application', value: cpuPerRun(server), unit: 'ms' },
    { what: 'Elasticsearch: CPU, times the floor', value: cpuPerRun(server) / cpuPerRun(floor), unit: '×', atMost: 3 },
    {
      what: 'Elasticsearch: applications per second, share of the floor',
      value: runsPerSecond(server) / runsPerSecond(floor),
      unit: '',
      atLeast: 0.7,
    },
    {
      what: 'SQLite: peak memory with 300 applications, times that with 100',
      value: file.peakRssMb / fewer.peakRssMb,
      unit: '×',
      atMost: 1.2,
    },
    { what: 'SQLite: peak memory', value: file.peakRssMb, unit: 'MB' },
    { what: 'requests of an idle pass', value: proxy.requests, unit: '', atMost: 3 },
  ];
};

/** The first hundred are chosen by their end: `--min-end-date` leaves the newest third. */
async function crawlOfFewer(folder: string, url: string): Promise<Measured> {
  const newest = new Date(Date.UTC(2026, 0, 1) + (APPLICATIONS - 100) * 60_000).toISOString();
  const measured = await runChild('crawl/spot.ts', [url, `sqlite:${join(folder, 'fewer.sqlite')}`, '', newest]);
  if (measured['runs'] !== 100) throw new Error(`the smaller crawl saw ${String(measured['runs'])} runs`);
  return measured;
}

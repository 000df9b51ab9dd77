import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startElasticsearch } from '../../scripts/services/elasticsearch.ts';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import { cloneEventLogs } from '../../test/support/clone-event-logs.ts';
import { median, middle, runChild, type Measured } from '../support/child.ts';
import type { Bench } from '../support/goals.ts';
import { processCpuMs } from '../support/process-cpu.ts';
import { startRecordingProxy, type Recorded } from '../support/recording-proxy.ts';
import { recordAnswers, serveRecorded, type RecordedAnswers } from './recorded-server.ts';

const APPLICATIONS = 300;
/**
 * For memory, more than a real server attaches in bearable time: they are answered by what it said of the first ones.
 * Until about two thousand the heap of V8 grows to its usual size.
 */
const [SOME, MANY] = [2000, 6000];
const ROUNDS = 5;
const CONCURRENCY = '2';
const RECORDED_SUFFIX = 'recorded';

interface Crawled extends Measured {
  /** CPU of the History Server and Elasticsearch meanwhile. */
  readonly serversCpuMs: number;
}

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

  const bulks = await recordBulks(history.url, elasticsearch.url);
  const servers = [history.process.pid, elasticsearch.process.pid];
  const measured = async (...args: Parameters<typeof runChild>): Promise<Crawled> => {
    const before = servers.map(processCpuMs);
    const child = await runChild(...args);
    return { ...child, serversCpuMs: sum(servers.map(processCpuMs)) - sum(before) };
  };
  const floors: Crawled[] = [];
  const sqlite: Crawled[] = [];
  const elastic: Crawled[] = [];
  const feeding: Crawled[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    console.error(`round ${round + 1} of ${ROUNDS} ...`);
    floors.push(await measured('crawl/floor.ts', [history.url, CONCURRENCY]));
    sqlite.push(await measured('crawl/spot.ts', [history.url, `sqlite:${join(folder, `round-${round}.sqlite`)}`]));
    elastic.push(
      await measured('crawl/spot.ts', [history.url, `elasticsearch:${elasticsearch.url}`, `bench_${round}`]),
    );
    const ready = await writeBulks(bulks, join(folder, `bulks-${round}`), `bench_floor_${round}`);
    for (const kind of ['raw', 'agg']) await createIndex(`${elasticsearch.url}/spot_${kind}_bench_floor_${round}`);
    feeding.push(await measured('crawl/floor.ts', [history.url, CONCURRENCY, elasticsearch.url, ready]));
  }
  for (const { runs } of [...floors, ...sqlite, ...elastic, ...feeding]) {
    if (runs !== APPLICATIONS) throw new Error(`a measurement saw ${runs} of ${APPLICATIONS} runs`);
  }
  const [floor, file, server] = [median(floors), median(sqlite), median(elastic)];
  const rateShare = (rounds: readonly Measured[], floor: readonly Measured[]): number =>
    middle(rounds.map(({ wallMs }, round) => (floor[round]?.wallMs ?? NaN) / wallMs));

  /** What share of the floor's pace both cores would allow if neither was ever idle: servers and client share them. */
  const shareAllowed = (rounds: readonly Crawled[]): number =>
    middle(
      rounds.map(
        ({ cpuMs, serversCpuMs }, round) =>
          ((floors[round]?.wallMs ?? NaN) * availableParallelism()) / (cpuMs + serversCpuMs),
      ),
    );

  await using proxy = await startRecordingProxy(history.url);
  await runChild('crawl/spot.ts', [proxy.url, `sqlite:${join(folder, 'round-0.sqlite')}`]);

  console.error('memory ...');
  const answers = await recordAnswers(history.url);
  const [peakOfSome, peakOfMany] = [await peakRssMb(answers, SOME, folder), await peakRssMb(answers, MANY, folder)];

  const cpuPerRun = (measured: Measured): number => measured.cpuMs / APPLICATIONS;
  const runsPerSecond = (measured: Measured): number => APPLICATIONS / (measured.wallMs / 1000);
  return [
    { what: 'floor: CPU per application', value: cpuPerRun(floor), unit: 'ms' },
    { what: 'floor: applications per second', value: runsPerSecond(floor), unit: '' },
    { what: 'SQLite: CPU per application', value: cpuPerRun(file), unit: 'ms' },
    { what: 'SQLite: CPU, times the floor', value: cpuPerRun(file) / cpuPerRun(floor), unit: '×', atMost: 2.5 },
    {
      what: 'SQLite: applications per second, share of the floor',
      value: rateShare(sqlite, floors),
      unit: '',
      atLeast: 0.7,
    },
    { what: 'SQLite: share that the cores would allow', value: shareAllowed(sqlite), unit: '' },
    { what: 'Elasticsearch: CPU per application', value: cpuPerRun(server), unit: 'ms' },
    { what: 'Elasticsearch: CPU, times the floor', value: cpuPerRun(server) / cpuPerRun(floor), unit: '×', atMost: 3 },
    { what: 'Elasticsearch: applications per second, share of the floor', value: rateShare(elastic, floors), unit: '' },
    {
      what: 'floor that sends the same bulks, ready-made: applications per second, share of the floor',
      value: rateShare(feeding, floors),
      unit: '',
    },
    {
      what: 'Elasticsearch: applications per second, share of the floor that sends the same bulks',
      value: rateShare(elastic, feeding),
      unit: '',
      atLeast: 0.7,
    },
    { what: 'Elasticsearch: share that the cores would allow', value: shareAllowed(elastic), unit: '' },
    { what: `SQLite: peak memory with ${APPLICATIONS} applications`, value: file.peakRssMb, unit: 'MB' },
    { what: `floor: peak memory with ${APPLICATIONS} applications`, value: floor.peakRssMb, unit: 'MB' },
    { what: `SQLite: peak memory with ${SOME} applications`, value: peakOfSome, unit: 'MB' },
    {
      what: `SQLite: peak memory with ${MANY} applications, times that with ${SOME}`,
      value: peakOfMany / peakOfSome,
      unit: '×',
      atMost: 1.1,
    },
    { what: 'requests of an idle pass', value: proxy.requests.length, unit: '', atMost: 3 },
  ];
};

async function peakRssMb(answers: RecordedAnswers, count: number, folder: string): Promise<number> {
  await using server = await serveRecorded(answers, count);
  const measured = await runChild('crawl/spot.ts', [server.url, `sqlite:${join(folder, `memory-${count}.sqlite`)}`]);
  if (measured['runs'] !== count) throw new Error(`the crawl of ${count} saw ${String(measured['runs'])} runs`);
  return measured.peakRssMb;
}

/** The bodies of the bulks that a crawl sends, raw documents and agg documents in turn. */
async function recordBulks(historyUrl: string, elasticsearchUrl: string): Promise<readonly Recorded[]> {
  await using proxy = await startRecordingProxy(elasticsearchUrl);
  await runChild('crawl/spot.ts', [historyUrl, `elasticsearch:${proxy.url}`, RECORDED_SUFFIX]);
  return proxy.requests.filter(({ path, body }) => path.startsWith('/_bulk') && body.includes('"index"', 0, 'latin1'));
}

/** As a crawl does before it begins. Spot's template gives it the mapping. */
async function createIndex(url: string): Promise<void> {
  const answer = await fetch(url, { method: 'PUT' });
  if (!answer.ok) throw new Error(`${url}: ${await answer.text()}`);
}

/** One file each, in their order, for indexes of this suffix. */
async function writeBulks(bulks: readonly Recorded[], folder: string, suffix: string): Promise<string> {
  await mkdir(folder);
  for (const [number, { body }] of bulks.entries()) {
    const text = body.toString().replaceAll(`_${RECORDED_SUFFIX}"`, `_${suffix}"`);
    await writeFile(join(folder, `${String(number).padStart(6, '0')}.ndjson`), text);
  }
  return folder;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { existsSync, statfsSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { dirname } from 'node:path';
import { healthSection } from '../api/health/config.ts';
import { parseListenAddress } from '../api/health/listen-address.ts';
import { eventLogsSection } from '../sources/event-log/config.ts';
import { historyServerSection } from '../sources/history-server/config.ts';
import type { RunSource } from '../sources/run-source.ts';
import { oldestPrice } from '../money/price-book.ts';
import { integrityFindings } from '../store/sqlite/integrity.ts';
import { SpotError, toError } from '../util/errors.ts';
import { configuredAlerts } from './open-alerts.ts';
import { loadPriceBook } from './prices.ts';
import type { Spot } from './spot.ts';

/** `warn`: it works, and somebody should look at it. `skipped`: it could not be judged, which is not the same as well. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

/** What was looked at, what was seen, and what to do about it. */
export interface Diagnosis {
  readonly check: string;
  readonly verdict: Verdict;
  readonly found: string;
  readonly advice?: string | undefined;
}

const LISTING_DEADLINE_MS = 60_000;
const MS_PER_DAY = 86_400_000;
/** Providers change their lists about once a year. */
const PRICES_WORTH_A_LOOK_DAYS = 400;
const DATE_DEADLINE_MS = 5000;
/** A `Date` header has whole seconds, and the way takes its time. */
const SKEW_WORTH_A_WORD_SECONDS = 30;
const SKEW_TOO_LARGE_SECONDS = 300;
const MIB = 1024 ** 2;
const DISK_WORTH_A_WORD_BYTES = 1024 * MIB;
const DISK_TOO_SMALL_BYTES = 64 * MIB;

type Seen = Omit<Diagnosis, 'check'>;

/**
 * Looks at everything that Spot needs: configuration, sources, clocks, store, disk. Changes nothing in the store.
 *
 * A check that fails holds up no other. Nothing found contains a secret.
 */
export async function examine(spot: Spot, signal: AbortSignal): Promise<readonly Diagnosis[]> {
  const diagnoses: Diagnosis[] = [];
  const look = async (check: string, judge: () => Seen | Promise<Seen>): Promise<Seen> => {
    signal.throwIfAborted();
    const seen = await judged(judge);
    const redacted = { ...seen, found: spot.redactor.text(seen.found) };
    diagnoses.push({ check, ...redacted });
    return redacted;
  };

  await look('configuration', () => configuration(spot));
  await look('configuration file', () => configurationFile(spot.config.file));
  await look('health listener', () => healthListener(spot.config.of(healthSection).settings.listen));
  await look('prices', () => prices(spot));
  await look('alerts', () => alerts(spot));
  let sources: readonly RunSource[] = [];
  const opened = await look('sources', async () => {
    sources = await spot.openSources();
    return ok(sources.map(({ description }) => description).join(', '));
  });
  if (opened.verdict === 'ok') {
    for (const source of sources) await look(`source ${source.cluster}`, () => listing(source, spot, signal));
  }
  for (const [name, url] of historyServers(spot)) await look(`clock of ${name}`, () => clock(url, spot, signal));
  const { kind, place } = spot.storePlace;
  if (kind === 'sqlite') {
    await look('store', () => sqliteStore(place, spot));
    await look('store integrity', () => sqliteIntegrity(place));
    await look('disk', () => disk(dirname(place)));
  } else {
    await look('store', () => elasticsearchStore(spot));
    await look('clock of Elasticsearch', () => clock(place, spot, signal));
  }
  return diagnoses;
}

/** Whether all is well enough to go on. */
export function isHealthy(diagnoses: readonly Diagnosis[]): boolean {
  return diagnoses.every(({ verdict }) => verdict !== 'fail');
}

async function judged(judge: () => Seen | Promise<Seen>): Promise<Seen> {
  try {
    return await judge();
  } catch (thrown) {
    const error = toError(thrown);
    // Its own message says what to do, the page of its code says more.
    return error instanceof SpotError
      ? { verdict: 'fail', found: error.message, advice: `docs/errors.md, ${error.code}` }
      : { verdict: 'fail', found: error.message, advice: 'Please report it: docs/errors.md, UNEXPECTED' };
  }
}

function ok(found: string): Seen {
  return { verdict: 'ok', found };
}

function configuration({ config }: Spot): Seen {
  if (config.warnings.length === 0) return ok(`${config.file}, understood`);
  return {
    verdict: 'warn',
    found: `${config.warnings.length} keys have no effect: ${config.warnings.join('; ')}`,
    advice: 'Remove them, or leave them: nothing depends on them',
  };
}

function configurationFile(file: string): Seen {
  if (!existsSync(file)) return ok('none, the defaults hold');
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o022) === 0) return ok(`${file} has mode ${mode.toString(8)}`);
  return {
    verdict: 'fail',
    found: `${file} has mode ${mode.toString(8)}: others may change where Spot reads and writes`,
    advice: `chmod go-w ${file}`,
  };
}

/** An example hurts nobody who does not ask for money, and every amount made with it says so. */
function prices({ config, environment }: Spot): Seen {
  const book = loadPriceBook(config);
  if (book.isExample) return ok(`an example in ${book.currency}; yours go into [PRICES]`);
  const oldest = oldestPrice(book);
  const days = oldest === undefined ? 0 : (environment.now().getTime() - Date.parse(oldest)) / MS_PER_DAY;
  if (oldest === undefined || days <= PRICES_WORTH_A_LOOK_DAYS) return ok(`${book.name}, in ${book.currency}`);
  return {
    verdict: 'warn',
    found: `${book.name} has a price of ${oldest}`,
    advice: 'Look it up again, and write down the day',
  };
}

/** Only that they are configured rightly: to see whether a message arrives, one must be sent. */
function alerts({ config }: Spot): Seen {
  const channels = configuredAlerts(config).subscribers.map(({ channel }) => channel.name);
  if (channels.length === 0) return ok('nobody is told of anything; [ALERTS] says whom to tell');
  return ok(`by ${channels.join(', ')}; spot alerts test sends a message`);
}

function healthListener(listen: string): Seen {
  const address = parseListenAddress(listen);
  if (address === undefined) return ok('switched off');
  if (address.isLoopback) return ok(`${listen}, for this machine alone`);
  return {
    verdict: 'warn',
    found: `${listen} can be read from other machines, without a password`,
    advice: 'Set [HEALTH] listen to 127.0.0.1:9464, or let a firewall decide who gets there',
  };
}

async function listing(source: RunSource, { environment }: Spot, signal: AbortSignal): Promise<Seen> {
  const startedAt = performance.now();
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(LISTING_DEADLINE_MS)]);
  const endedAfter = new Date(environment.now().getTime() - 86_400_000);
  let count = 0;
  for await (const _application of source.listApplications({ endedAfter }, { signal: deadline })) count += 1;
  const ms = Math.round(performance.now() - startedAt);
  return ok(`${source.description} listed ${count} applications of the last day, or running, in ${ms} ms`);
}

function historyServers({ config }: Spot): readonly (readonly [name: string, url: string])[] {
  const named = config.instancesOf(historyServerSection);
  // As openSources has it: without any source, the History Server at its default address.
  const isDefault = named.length + config.instancesOf(eventLogsSection).length === 0;
  return (isDefault ? [config.of(historyServerSection)] : named).map(({ label, settings }) => [
    [settings.cluster, label, 'the History Server'].find((name) => name !== '') ?? '',
    settings.api_base_url,
  ]);
}

async function clock(url: string, { environment }: Spot, signal: AbortSignal): Promise<Seen> {
  const date = await serverDate(url, AbortSignal.any([signal, AbortSignal.timeout(DATE_DEADLINE_MS)]));
  if (date === undefined) return { verdict: 'skipped', found: 'its time could not be had' };
  const seconds = Math.round((environment.now().getTime() - date.getTime()) / 1000);
  const found = `this machine is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead'}`;
  if (Math.abs(seconds) <= SKEW_WORTH_A_WORD_SECONDS) return ok(found);
  return {
    verdict: Math.abs(seconds) > SKEW_TOO_LARGE_SECONDS ? 'fail' : 'warn',
    found,
    advice: 'Set the clocks by NTP: windows of time and logins depend on them',
  };
}

/** Of any answer, also a refusal. The certificate is not checked, for nothing is sent and only the time is read. */
async function serverDate(url: string, signal: AbortSignal): Promise<Date | undefined> {
  return await new Promise((resolve) => {
    const { protocol, origin } = new URL(url);
    const options = { method: 'HEAD', signal, agent: false } as const;
    const sent =
      protocol === 'https:'
        ? httpsRequest(origin, { ...options, rejectUnauthorized: false })
        : httpRequest(origin, options);
    sent.on('response', ({ headers: { date }, socket }) => {
      socket.destroy();
      const moment = new Date(date ?? '');
      resolve(Number.isNaN(moment.getTime()) ? undefined : moment);
    });
    sent.on('error', () => {
      resolve(undefined);
    });
    sent.end();
  });
}

async function sqliteStore(path: string, spot: Spot): Promise<Seen> {
  if (!existsSync(path)) {
    return { verdict: 'warn', found: `There is no store ${path} yet`, advice: 'spot crawl makes it' };
  }
  try {
    const store = await spot.openStore('write');
    const { agg, err } = await store.stats();
    return ok(`${store.description} can be read and written: ${agg} runs, ${err} errors`);
  } catch (error) {
    if (!(error instanceof SpotError) || error.code !== 'STORE_LOCKED') throw error;
    const { agg, err } = await (await spot.openStore('read')).stats();
    const owner = `process ${String(error.details['pid'])} on ${String(error.details['host'])}`;
    return ok(`sqlite:${path} can be read, and ${owner} is writing to it: ${agg} runs, ${err} errors`);
  }
}

function sqliteIntegrity(path: string): Seen {
  if (!existsSync(path)) return { verdict: 'skipped', found: 'there is no store yet' };
  const findings = integrityFindings(path);
  if (findings.length === 0) return ok('every page, every row and every document is sound');
  return {
    verdict: 'fail',
    found: findings.join('; '),
    advice: 'Stop Spot, move the file away and restore a backup, or crawl again into a new file',
  };
}

function disk(folder: string): Seen {
  const existing = nearestFolder(folder);
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  const found = `${Math.floor(free / MIB)} MiB free in ${existing}`;
  if (free >= DISK_WORTH_A_WORD_BYTES) return ok(found);
  return {
    verdict: free < DISK_TOO_SMALL_BYTES ? 'fail' : 'warn',
    found,
    advice: 'Make room, or delete old runs: spot prune --older-than 180d --keep-agg',
  };
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

async function elasticsearchStore(spot: Spot): Promise<Seen> {
  const store = await spot.openStore('read');
  try {
    const { agg, err } = await store.stats();
    // Deleting what is not there changes nothing, and shows whether writing is allowed and possible.
    await store.clearErrors(['spot-write-check']);
    return ok(`${store.description} can be read and written: ${agg} runs, ${err} errors`);
  } catch (error) {
    if (!(error instanceof SpotError) || error.code !== 'STORE_NOT_FOUND') throw error;
    return { verdict: 'warn', found: error.message, advice: 'spot crawl makes its indexes' };
  }
}

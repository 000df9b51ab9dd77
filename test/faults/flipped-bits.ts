import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ErrorDocument } from '../../src/documents/documents.ts';
import { documentId } from '../../src/documents/run-key.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { KeptDocument, RunDocuments, Store } from '../../src/store/store.ts';
import { parseJson, stringifyJson } from '../../src/util/lossless-json.ts';
import { collectedRuns } from '../support/collected-runs.ts';
import { sampleError } from '../store/sample-runs.ts';

const LOGS = new URL('../fixtures/spark-corpus/logs', import.meta.url).pathname;
const PAGE_BYTES = 4096;
const COPIES = 4;

/** What a store was given: the ground truth. */
export interface Manifest {
  readonly runs: readonly RunDocuments[];
  readonly errors: readonly ErrorDocument[];
  readonly kept: readonly KeptDocument[];
}

/** Real runs, each under several ids and ends, some as an attempt; error documents and kept ones beside them. */
export async function manifestOfRealRuns(): Promise<Manifest> {
  const collected = await collectedRuns(LOGS);
  const runs = Array.from({ length: COPIES }, (_, copy) =>
    collected.map(({ appId, documents }, index): RunDocuments => {
      const id = `${appId}-${index}-${copy}`;
      const attempt = copy % 2 === 0 ? {} : { attemptId: String(copy) };
      const { raw, aggregate, detail } = documents;
      const endTime = new Date(Date.UTC(2026, 0, 1 + copy, index)).toISOString().replace('Z', '000+00:00');
      return {
        key: { cluster: 'default', appId: id, ...attempt },
        raw: index % 5 === 4 || raw === undefined ? undefined : { ...raw, id },
        aggregate: { ...aggregate, id, attempt: { ...aggregate.attempt, ...attempt, endTime } },
        detail: index % 3 === 2 ? undefined : detail,
      };
    }),
  ).flat();
  return {
    runs,
    errors: Array.from({ length: 30 }, (_, index) => sampleError({ appId: `broken-${index}`, count: index + 1 })),
    kept: Array.from({ length: 30 }, (_, index) => ({
      kind: index % 2 === 0 ? 'model' : 'alert',
      id: `kept/${String(index).padStart(2, '0')}`,
      revision: index,
      savedAt: `2026-11-21T12:00:${String(index).padStart(2, '0')}.000Z`,
      body: { index, text: 'x'.repeat(50 * index) },
    })),
  };
}

/** All that any command reads of a store, by every way that leads to it, as one text for each way. */
export async function contentsOf(store: Store, { runs, errors, kept }: Manifest): Promise<Record<string, string>> {
  const keys = runs.map(({ key }) => key);
  const everyEnd = { endedAfter: new Date(0), endedBefore: new Date('2100-01-01') };
  const [first] = runs;
  const { name = '', attempt } = first?.aggregate ?? {};
  const read: Record<string, unknown> = {
    ledger: [...(await store.readLedger(keys))],
    keys: await Array.fromAsync(store.findKeys({})),
    'keys by end': await Array.fromAsync(store.findKeys(everyEnd, { order: 'oldest-first' })),
    'keys by name': await Array.fromAsync(store.findKeys({ app: name })),
    'keys by user': await Array.fromAsync(store.findKeys({ user: attempt?.sparkUser })),
    'keys by tag': await Array.fromAsync(store.findKeys({ tag: first?.aggregate.app_specific_data.tag })),
    aggregates: await Array.fromAsync(store.findAggregates({ cluster: 'default' })),
    raw: await Array.fromAsync(store.findRaw({})),
    one: await Promise.all(
      keys.map(async (key) => {
        const hasRun = (await store.readAggregate(key)) !== undefined;
        return hasRun ? [await store.readRaw(key), await store.readDetail(key)] : [];
      }),
    ),
    errors: await Array.fromAsync(store.findErrors({})),
    'errors by id': [...(await store.readErrors(errors.map(({ spot }) => idOfError(spot))))],
    kept: [...(await Array.fromAsync(store.findKept('alert'))), ...(await Array.fromAsync(store.findKept('model')))],
    'kept by id': await Promise.all(kept.map(({ kind, id }) => store.readKept(kind, id))),
    stats: { ...(await store.stats()), bytes: 0 },
  };
  return Object.fromEntries(Object.entries(read).map(([way, found]) => [way, stringifyJson(found)]));
}

/** The same, as it follows from what was written, when the last `missing` runs are not there. */
export function contentsOfManifest({ runs: all, errors, kept }: Manifest, missing = 0): Record<string, string> {
  const runs = all.slice(0, all.length - missing);
  const endOf = ({ aggregate }: RunDocuments): string => aggregate.attempt.endTime ?? '';
  const newest = [...runs].sort((a, b) => (endOf(a) < endOf(b) ? 1 : -1));
  const keyOf = ({ key, aggregate: { spot } }: RunDocuments) => ({
    ...key,
    fingerprint: spot.fingerprint,
    revision: spot.revision,
  });
  const [first] = runs;
  const like = (same: (run: RunDocuments) => unknown) =>
    newest.filter((run) => first !== undefined && same(run) === same(first)).map(keyOf);
  const expected: Record<string, unknown> = {
    ledger: runs.map(({ key, aggregate: { spot } }) => [
      documentId(key),
      { fingerprint: spot.fingerprint, revision: spot.revision },
    ]),
    keys: newest.map(keyOf),
    'keys by end': newest.map(keyOf).reverse(),
    'keys by name': like(({ aggregate }) => aggregate.name),
    'keys by user': like(({ aggregate }) => aggregate.attempt.sparkUser),
    'keys by tag': like(({ aggregate }) => aggregate.app_specific_data.tag),
    aggregates: newest.map(({ aggregate }) => aggregate),
    raw: newest.flatMap(({ raw }) => raw ?? []),
    one: all.map(({ raw, detail }, index) => (index < runs.length ? [raw, detail] : [])),
    // All have one time: then by id, the last first.
    errors: [...errors].sort((a, b) => (idOfError(a.spot) < idOfError(b.spot) ? 1 : -1)),
    'errors by id': errors.map((error) => [idOfError(error.spot), error]),
    kept: [...kept.filter(({ kind }) => kind === 'alert'), ...kept.filter(({ kind }) => kind === 'model')],
    'kept by id': kept,
    stats: {
      raw: runs.filter(({ raw }) => raw !== undefined).length,
      agg: runs.length,
      err: errors.length,
      detail: runs.filter(({ detail }) => detail !== undefined).length,
      bytes: 0,
      ...(runs.length === 0 ? {} : { oldestEnd: isoEnd(newest.at(-1)), newestEnd: isoEnd(newest.at(0)) }),
    },
  };
  return Object.fromEntries(
    Object.entries(expected).map(([way, value]) => [way, stringifyJson(parseJson(stringifyJson(value)))]),
  );
}

function isoEnd(run: RunDocuments | undefined): string {
  return new Date(run?.aggregate.attempt.endTime ?? NaN).toISOString();
}

function idOfError({ cluster, spark_app_id: appId }: ErrorDocument['spot']): string {
  return documentId({ cluster, appId });
}

const FILES = ['', '-wal', '-lock'] as const;

/** A store on disk, to be copied again and again. */
export class StoreFiles {
  readonly path: string;
  /** Pages of the database file by what they belong to. */
  readonly pages: ReadonlyMap<string, readonly number[]>;

  private constructor(path: string) {
    this.path = path;
    using database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare('SELECT name, pageno FROM dbstat').all();
    this.pages = new Map(
      [...Map.groupBy(rows, ({ name }) => String(name))].map(([name, own]) => [
        name,
        own.map(({ pageno }) => Number(pageno)),
      ]),
    );
  }

  static at(path: string): StoreFiles {
    return new StoreFiles(path);
  }

  /** Written and closed in order. */
  static async closed(path: string, manifest: Manifest): Promise<StoreFiles> {
    {
      await using store = await SqliteStore.open({ path }, silentLogger);
      await saveAll(store, manifest);
    }
    return new StoreFiles(path);
  }

  /** As a writer leaves it that was killed: its last `inLog` runs stand in the write-ahead log only. */
  static async killed(path: string, manifest: Manifest, inLog: number): Promise<StoreFiles> {
    const written = join(dirname(path), 'written', 'spot.sqlite');
    const { runs } = manifest;
    (await StoreFiles.closed(path, { ...manifest, runs: runs.slice(0, -inLog) })).copyTo(written);
    await using store = await SqliteStore.open({ path: written }, silentLogger);
    for (const run of runs.slice(-inLog)) await store.saveRuns([run]);
    for (const file of FILES) copyFileSync(written + file, path + file);
    return new StoreFiles(path);
  }

  /** Into a folder of its own, which is emptied. */
  copyTo(path: string): void {
    rmSync(dirname(path), { recursive: true, force: true });
    mkdirSync(dirname(path));
    for (const file of FILES) if (existsSync(this.path + file)) copyFileSync(this.path + file, path + file);
  }
}

async function saveAll(store: Store, { runs, errors, kept }: Manifest): Promise<void> {
  const outcomes = [...(await store.saveRuns(runs)), ...(await store.keep(kept))];
  if (outcomes.some(({ status }) => status !== 'saved')) throw new Error(stringifyJson(outcomes));
  await store.saveErrors(errors);
}

/** Flips one bit of a file, or as many as a burst over some bytes does; says where. */
export function flipBits(
  path: string,
  random: () => number,
  pages?: readonly number[],
): { readonly at: number; readonly text: string } {
  const bytes = readFileSync(path);
  const page = pages?.[Math.floor(random() * pages.length)];
  const at =
    page === undefined
      ? Math.floor(random() * bytes.length)
      : (page - 1) * PAGE_BYTES + Math.floor(random() * PAGE_BYTES);
  const burst = random() < 0.75 ? 0 : 2 ** (1 + Math.floor(random() * 9));
  if (burst === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  for (let index = at; index < Math.min(at + burst, bytes.length); index += 1)
    bytes[index] = (bytes[index] ?? 0) ^ Math.floor(random() * 256);
  writeFileSync(path, bytes);
  return { at, text: `${burst === 0 ? 'a bit' : `${burst} bytes`} from byte ${at}` };
}

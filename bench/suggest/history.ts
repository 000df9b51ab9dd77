/**
 * A store of a hundred thousand runs, made in seconds: one real aggregate document (an etl of test/fixtures/spark-corpus) with other
 * sizes, times and executors; of most applications every row shares one of a few compressed documents.
 */
import { DatabaseSync } from 'node:sqlite';
import { learnAndKeep } from '../../src/app/application-models.ts';
import { Spot } from '../../src/app/spot.ts';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import type { AggregateDocument, ArrayAggregate, Json, NumberAggregate } from '../../src/documents/documents.ts';
import { seededRandom } from '../../src/regression/random.ts';
import { historyRunOf } from '../../src/setter/history-run.ts';
import { profileToKeep, readProfiles, type KeptProfile } from '../../src/setter/kept-models.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { encodeRun } from '../../src/store/sqlite/encoded-run.ts';
import { saveDocument, SAVE_RUN } from '../../src/store/sqlite/queries.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

export const ASKED = 'asked-for';
export const NEW = 'new-one';
const APPLICATIONS = 500;
const RUNS_OF_ASKED = 1000;
const GIB = 2 ** 30;

/** @returns the tag of an application without a model of its own, with two runs */
export async function makeHistory(path: string, runs: number): Promise<void> {
  const template = await templateRun();
  await (await SqliteStore.open({ path, access: 'write' }, silentLogger))[Symbol.asyncDispose]();

  const database = new DatabaseSync(path);
  const random = seededRandom(7);
  const insert = (
    aggregate: AggregateDocument,
    documents?: readonly (readonly ['agg' | 'raw' | 'detail', Uint8Array])[],
  ) => {
    const { values, documents: own } = encodeRun({ key: { cluster: 'bench', appId: aggregate.id }, aggregate });
    const row = database.prepare(SAVE_RUN).get(...values);
    for (const [table, document] of documents ?? own)
      database.prepare(saveDocument(table)).run(Number(row?.['number']), document);
    return documents ?? own;
  };
  database.exec('BEGIN');
  let id = 0;
  const next = (tag: string): AggregateDocument => {
    id += 1;
    return variant(template, tag, id, random);
  };
  for (let i = 0; i < RUNS_OF_ASKED; i += 1) insert(next(ASKED));
  for (let i = 0; i < 2; i += 1) insert(next(NEW));
  const each = Math.ceil((runs - RUNS_OF_ASKED - 2) / APPLICATIONS);
  for (let a = 0; a < APPLICATIONS; a += 1) {
    const tag = `application-${String(a).padStart(3, '0')}`;
    const first = insert(next(tag));
    // Compressing a hundred thousand documents would take a minute; nobody reads these.
    for (let i = 1; i < each; i += 1) insert({ ...small(next(tag)), id: `app-${id}` }, first);
  }
  database.exec('COMMIT');
  database.close();

  const store = await SqliteStore.open({ path, access: 'write' }, silentLogger);
  await learnAndKeep(store, ASKED, new Date(0));
  // As if each had a model: what that of the one taught.
  const taught = (await readProfiles(store)).at(0)?.taught;
  const profiles: KeptProfile[] = [];
  for (let a = 0; a < APPLICATIONS; a += 1) {
    const tag = `application-${String(a).padStart(3, '0')}`;
    for await (const aggregate of store.findAggregates({ tag }, { limit: 1 })) {
      const run = historyRunOf(aggregate);
      if (run !== undefined) profiles.push(profileToKeep(tag, [run, run, run], taught));
    }
  }
  await store.keep(
    profiles.map((body) => ({
      kind: 'model',
      id: `profile/${body.tag}`,
      revision: 1,
      savedAt: new Date(0).toISOString(),
      body,
    })),
  );
  await store[Symbol.asyncDispose]();
}

async function templateRun(): Promise<AggregateDocument> {
  const logs = new URL('../../test/fixtures/spark-corpus/logs', import.meta.url).pathname;
  await using spot = new Spot({ store: 'sqlite::memory:', logLevel: 'none' });
  const store = await spot.openStore('write');
  const sources = await spot.openEventLogs([logs], 'bench');
  await crawlOnce(spot.crawlContexts(sources, store, {}), { signal: new AbortController().signal });
  for await (const aggregate of store.findAggregates({ app: 'etl' }, { limit: 1 })) return aggregate;
  throw new Error(`No etl among the runs of ${logs}`);
}

/** 20 s, and 240 core-seconds for each GiB, ±5 %. */
function variant(template: AggregateDocument, tag: string, id: number, random: () => number): AggregateDocument {
  const executors = 1 + Math.floor(random() * 16);
  const cores = [2, 4][Math.floor(random() * 2)] ?? 2;
  const inputBytes = Math.round((1 + random() * 40) * GIB);
  const duration = Math.round((20_000 + (240_000 * inputBytes) / GIB / executors / cores) * (0.95 + 0.1 * random()));
  const { attempt } = template;
  const { allexecutors, stages } = attempt.aggs;
  const end = new Date(Date.UTC(2026, 0, 1) + id * 60_000).toISOString().replace('Z', '000+00:00');
  const properties = attempt.environment['sparkProperties'] as Readonly<Record<string, Json>>;
  return {
    ...template,
    id: `app-${id}`,
    app_specific_data: { ...template.app_specific_data, tag },
    attempt: {
      ...attempt,
      endTime: end,
      duration,
      environment: {
        ...attempt.environment,
        sparkProperties: {
          ...properties,
          spark_executor_memory: [2, 4, 8][Math.floor(random() * 3)]! * GIB,
          spark_sql_shuffle_partitions: String([50, 100, 200][Math.floor(random() * 3)]),
        },
      },
      aggs: {
        ...attempt.aggs,
        allexecutors: {
          ...allexecutors,
          executors: {
            ...withSum(allexecutors.executors, 'totalCores', executors * cores),
            elements_count: executors,
          },
        },
        stages: withSum(stages, 'inputBytes', inputBytes),
      },
    },
  };
}

/** Only what the row of a run is made of: its document is another's anyway. */
function small(aggregate: AggregateDocument): AggregateDocument {
  const { attempt } = aggregate;
  const { endTime = '', sparkUser } = attempt;
  return { ...aggregate, attempt: { endTime, sparkUser } } as unknown as AggregateDocument;
}

function withSum(array: ArrayAggregate, column: string, sum: number): ArrayAggregate {
  return { ...array, [column]: { ...(array[column] as NumberAggregate), sum } };
}

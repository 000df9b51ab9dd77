import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AggregateDocument } from '../../../src/documents/documents.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import type { ElasticsearchSettings } from '../../../src/store/elasticsearch/config.ts';
import { ElasticsearchStore } from '../../../src/store/elasticsearch/elasticsearch-store.ts';
import { countFields, type Properties } from '../../../src/store/elasticsearch/mappings/field-types.ts';
import type { RunDocuments } from '../../../src/store/store.ts';
import { describeWithService } from '../../support/describe-with-service.ts';
import { sampleError, sampleKey, sampleRun } from '../sample-runs.ts';
import { collect, failure } from '../store-contract.ts';
import { ask, removeIndexes, settingsFor } from './test-server.ts';

const PARITY = join(import.meta.dirname, '../../fixtures/spot-parity');

for (const variable of ['SPOT_TEST_ES_URL', 'SPOT_TEST_ES8_URL']) {
  describeWithService(variable, `store/elasticsearch under faults at ${variable}`, (url) => {
    let suffix: string;
    let stores: ElasticsearchStore[];
    const agg = (): string => `spot_agg_test_${suffix}`;

    beforeEach(() => {
      suffix = randomUUID();
      stores = [];
    });

    afterEach(async () => {
      for (const store of stores) await store[Symbol.asyncDispose]();
      await removeIndexes(url, suffix);
    });

    const open = async (changes: Partial<ElasticsearchSettings> = {}): Promise<ElasticsearchStore> => {
      const store = await ElasticsearchStore.open(settingsFor(url, suffix, changes), silentLogger);
      stores.push(store);
      return store;
    };
    const prepared = async (changes: Partial<ElasticsearchSettings> = {}): Promise<ElasticsearchStore> => {
      const store = await open(changes);
      await store.prepare();
      return store;
    };
    const countMapped = async (alias = agg()): Promise<number> => {
      const answer = await ask<Record<string, { mappings: { properties: Properties } }>>(
        url,
        'GET',
        `/${alias}/_mapping`,
      );
      return countFields(Object.values(answer)[0]!.mappings.properties);
    };
    const search = <T>(body: unknown, alias = agg()): Promise<T> => ask<T>(url, 'POST', `/${alias}/_search`, body);

    describe('indexes', function () {
      this.timeout(60_000);

      it('R7: that were deleted come back with the same mapping, and the write that noticed succeeds', async () => {
        const store = await prepared();
        await store.saveRuns([sampleRun({ appId: 'before' })]);
        const mapping = async (): Promise<unknown> =>
          Object.values(await ask<Record<string, unknown>>(url, 'GET', `/${agg()}/_mapping`))[0];
        const before = await mapping();
        await removeIndexes(url, suffix);

        expect(await store.readLedger([sampleKey({ appId: 'before' })])).to.deep.equal(new Map());
        expect(await collect(store.findKeys({}))).to.deep.equal([]);
        expect(await store.saveRuns([sampleRun({ appId: 'after' })])).to.deep.equal([{ status: 'saved' }]);
        await store.saveErrors([sampleError()]);

        expect(await mapping()).to.deep.equal(before);
        expect((await collect(store.findKeys({}))).map(({ appId }) => appId)).to.deep.equal(['after']);
      });

      it('are reached through aliases: an index of that name is refused with another name to choose', async () => {
        await ask(url, 'PUT', `/${agg()}`);

        const error = await failure((await open()).prepare());

        await ask(url, 'DELETE', `/${agg()}`);
        expect(error).to.have.property('code', 'STORE_INDEX_NOT_ALIAS');
        expect(error).to.have.property('message').that.includes(`choose another agg_index, for example ${agg()}_2`);
      });

      it('of an older mapping get the fields that are new', async () => {
        // A name that no template of Spot's matches.
        const alias = `older_${suffix}`;
        const id = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } };
        await ask(url, 'PUT', `/${alias}-000001`, {
          mappings: { dynamic: false, properties: { id } },
          aliases: { [alias]: {} },
        });
        expect(await countMapped(alias)).to.equal(2);

        const store = await prepared({ agg_index: alias });
        await store.saveRuns([sampleRun()]);

        expect(await countMapped(alias)).to.be.above(900);
        expect(await collect(store.findAggregates({ user: 'spark' }))).to.have.lengthOf(1);
        await ask(url, 'DELETE', `/${alias}-000001`);
      });

      it('that were never made are told to a reader, and are empty to nobody', async () => {
        const store = await open();

        const attempts = [
          () => collect(store.findAggregates({})),
          () => collect(store.findKeys({})),
          () => store.stats(),
        ];
        for (const attempt of attempts) {
          const error = await failure(attempt());
          expect(error).to.have.property('code', 'STORE_NOT_FOUND');
          expect(error).to.have.property('message').that.includes('run spot crawl first');
        }
        expect(await store.readAggregate(sampleKey())).to.equal(undefined);
      });

      it('with a customer’s own component template have its fields and settings too', async () => {
        await ask(url, 'PUT', '/_component_template/spot-agg@custom', {
          template: { mappings: { properties: { my_team: { type: 'keyword' } } } },
        });
        await prepared();

        const mapping = JSON.stringify(await ask(url, 'GET', `/${agg()}/_mapping/field/my_team`));

        await ask(url, 'DELETE', '/_index_template/spot-agg');
        await ask(url, 'DELETE', '/_component_template/spot-agg@custom');
        expect(mapping).to.include('"type":"keyword"');
        await (await open()).prepare();
      });
    });

    describe('writes', function () {
      this.timeout(60_000);

      it('R7: wait while the disk is full (flood stage) and succeed when it is not', async () => {
        const store = await prepared();
        await setBlock(url, agg(), 'read_only_allow_delete', true);
        const saving = store.saveRuns([sampleRun()]);
        setTimeout(() => void setBlock(url, agg(), 'read_only_allow_delete', null), 700);

        expect(await saving).to.deep.equal([{ status: 'saved' }]);
      });

      it('to a disk that stays full end with STORE_FULL, which may be repeated, and nothing is acknowledged', async () => {
        const store = await prepared({ retry_seconds: 0.5 });
        await setBlock(url, agg(), 'read_only_allow_delete', true);

        const error = await failure(store.saveRuns([sampleRun()]));

        expect(error).to.include({ code: 'STORE_FULL', retryable: true });
        expect(await store.readLedger([sampleKey()])).to.deep.equal(new Map());
        await setBlock(url, agg(), 'read_only_allow_delete', null);
        expect(await store.saveRuns([sampleRun()])).to.deep.equal([{ status: 'saved' }]);
      });

      it('to an index that somebody closed for writing end with STORE_READ_ONLY at once', async () => {
        const store = await prepared();
        await setBlock(url, agg(), 'write', true);

        const error = await failure(store.saveRuns([sampleRun()]));

        expect(error).to.include({ code: 'STORE_READ_ONLY', retryable: false });
        await setBlock(url, agg(), 'write', null);
      });

      it('of an old writer never replace what a new one wrote, and its batch goes on', async () => {
        const [old, young] = [await prepared(), await prepared()];
        await young.saveRuns([sampleRun({ appId: 'a', revision: 7, name: 'young' })]);

        const outcomes = await old.saveRuns([
          sampleRun({ appId: 'a', revision: 3, name: 'old' }),
          sampleRun({ appId: 'b' }),
        ]);

        expect(outcomes).to.deep.equal([{ status: 'superseded' }, { status: 'saved' }]);
        expect((await old.readRaw(sampleKey({ appId: 'a' })))?.name).to.equal('young');
      });

      it('R8: of a document of 60 MB, for which a server with 512 MB of heap has no memory, end with its refusal, and the others are saved', async () => {
        const store = await prepared({ retry_seconds: 5 });
        const huge = sampleRun({ appId: 'huge' });
        const runs = [
          sampleRun({ appId: 'a' }),
          { ...huge, raw: { ...huge.raw, large: 'x'.repeat(60_000_000) } as RunDocuments['raw'] },
          sampleRun({ appId: 'b' }),
        ];

        const outcomes = await store.saveRuns(runs);

        expect(outcomes.map(({ status }) => status)).to.deep.equal(['saved', 'rejected', 'saved']);
        expect(outcomes[1]).to.have.nested.property('error.code', 'STORE_DOCUMENT_TOO_LARGE');
        expect(await store.readAggregate(huge.key)).to.equal(undefined);
      });

      it('R8: of 500 runs, 2 % of each kind of poison among them, store each one whole and reject only what is too large', async () => {
        const store = await prepared({ bulk_bytes: 65_536, max_document_bytes: 1_048_576 });
        const runs = Array.from({ length: 500 }, (_, index) => poisoned(index));

        const outcomes = await store.saveRuns(runs);

        const tooLarge = runs.flatMap((_, index) => (index % 50 === 9 ? [index] : []));
        const rejected = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [index] : []));
        expect(rejected).to.deep.equal(tooLarge);
        for (const index of tooLarge)
          expect(outcomes[index]).to.have.nested.property('error.code', 'STORE_DOCUMENT_TOO_LARGE');
        for (const run of runs.slice(0, 50)) {
          const stored = await store.readAggregate(run.key);
          if (stored !== undefined) expect(stored, run.key.appId).to.deep.equal(run.aggregate);
        }
        const found = await collect(store.findKeys({ cluster: 'main', user: 'spark' }));
        expect(found).to.have.lengthOf(490);
        expect((await store.readLedger(runs.map(({ key }) => key))).size).to.equal(490);
        expect(await countMapped()).to.be.at.most(1000);
      });
    });

    describe('fields', function () {
      this.timeout(60_000);

      it('R9: stay at most 1,000 whatever comes: 10,000 properties of one run, and names that are prefixes of others', async () => {
        const store = await prepared();
        const before = await countMapped();
        const many = Object.fromEntries(
          Array.from({ length: 10_000 }, (_, index) => [`spark_own_${String(index)}`, `value ${String(index)}`]),
        );
        const runs = [
          sampleRun({ appId: 'many', properties: many }),
          sampleRun({
            appId: 'prefix',
            properties: { 'spark.a': 1, 'spark.a.b': 2, spark_master: 'yarn', 'spark_master.x': 'y' },
          }),
        ];

        expect(await store.saveRuns(runs)).to.deep.equal([{ status: 'saved' }, { status: 'saved' }]);

        expect(await countMapped())
          .to.equal(before)
          .and.to.be.at.most(1000);
        for (const run of runs) expect(await store.readAggregate(run.key)).to.deep.equal(run.aggregate);
        await ask(url, 'POST', `/${agg()}/_refresh`);
        const answer = await search<{ hits: { hits: { _id: string }[] } }>({
          query: { term: { 'spot_search.properties.spark_own_9999': 'value 9999' } },
        });
        expect(answer.hits.hits.map(({ _id }) => _id)).to.deep.equal(['main~many-0']);
      });

      it('of documents that the original wrote can be summed exactly and grouped by, as its dashboards do', async () => {
        const store = await prepared();
        const documents = ['failed-app', 'smoke-wordcount', 'no-jobs-local'].map(originalDocument);
        const outcomes = await store.saveRuns(
          documents.map((aggregate) => ({ key: { cluster: 'main', appId: aggregate.id }, aggregate })),
        );
        expect(outcomes.every(({ status }) => status === 'saved')).to.equal(true);
        await ask(url, 'POST', `/${agg()}/_refresh`);

        const answer = await search<{
          aggregations: Record<string, { value?: number; buckets?: { key: unknown; doc_count: number }[] }>;
        }>({
          size: 0,
          aggs: {
            cost: { sum: { field: 'attempt.aggs.summary.core_cost' } },
            memory: { sum: { field: 'attempt.aggs.allexecutors.executors.maxMemory.sum' } },
            peak: { max: { field: 'attempt.aggs.allexecutors.executors.peakMemoryMetrics.JVMHeapMemory.max' } },
            masters: { terms: { field: 'attempt.environment.sparkProperties.spark_master.keyword' } },
            users: { terms: { field: 'attempt.sparkUser.keyword' } },
            months: { date_histogram: { field: 'attempt.startTime', calendar_interval: 'year' } },
          },
        });

        // The sums of the documents themselves.
        const sumOf = (pick: (document: AggregateDocument) => unknown): number =>
          documents.map((document) => Number(pick(document) ?? 0)).reduce((sum, value) => sum + value, 0);
        const { cost, memory, peak, masters, users, months } = answer.aggregations;
        expect(cost?.value).to.equal(sumOf(({ attempt }) => attempt.aggs.summary.core_cost));
        expect(memory?.value).to.equal(
          sumOf(
            ({ attempt }) => (attempt.aggs.allexecutors.executors['maxMemory'] as { sum?: number } | undefined)?.sum,
          ),
        );
        expect(peak?.value).to.be.above(1_000_000);
        expect(new Set(masters?.buckets?.map(({ key }) => key))).to.deep.equal(
          new Set(
            documents.map(
              ({ attempt }) => (attempt.environment['sparkProperties'] as Record<string, string>)['spark_master'],
            ),
          ),
        );
        expect(users?.buckets?.map(({ doc_count }) => doc_count)).to.deep.equal([3]);
        expect(months?.buckets?.length).to.equal(1);
        for (const document of documents)
          expect(await store.readAggregate({ cluster: 'main', appId: document.id })).to.deep.equal(document);
      });

      it('of the dashboards exist in every index, before any run has them', async () => {
        await prepared();
        const fields = Object.keys(
          (
            JSON.parse(readFileSync(join(PARITY, '../original-mapping/dashboard-fields.json'), 'utf8')) as {
              agg: Record<string, string>;
            }
          ).agg,
        );

        const answer = await ask<{ fields: Record<string, Record<string, { aggregatable: boolean }>> }>(
          url,
          'POST',
          `/${agg()}/_field_caps?fields=${fields.join(',')}&include_unmapped=false`,
        );

        const aggregatable = fields.filter((field) =>
          Object.values(answer.fields[field] ?? {}).some((caps) => caps.aggregatable),
        );
        expect(aggregatable).to.deep.equal(fields);
      });
    });

    describe('a server', function () {
      this.timeout(60_000);

      it('of another major is refused with the setting to change', async () => {
        const info = await ask<{ nodes: Record<string, { version: string }> }>(
          url,
          'GET',
          '/_nodes/_local?filter_path=nodes.*.version',
        );
        const isEight = Object.values(info.nodes)[0]!.version.startsWith('8.');

        const store = await open({ compatibility: '9' });

        const ending = await store.prepare().catch((error: unknown) => error);
        if (isEight)
          expect(ending)
            .to.have.property('code', 'STORE_UNSUPPORTED')
            .and.to.satisfy(() => String(ending).includes('compatibility'));
        else expect(ending).to.equal(undefined);
        await (await open({ compatibility: '8' })).prepare();
      });
    });
  });
}

describe('store/elasticsearch, whatever answers', () => {
  const preparing = async (url: string): Promise<unknown> => {
    await using store = await ElasticsearchStore.open(
      settingsFor(url, 'x', { request_timeout_seconds: 1 }),
      silentLogger,
    );
    return await failure(store.prepare());
  };
  const answering = async (contentType: string, body: string, hang = false): Promise<unknown> => {
    const server = createServer((_, response) => {
      if (hang) return;
      response.writeHead(200, { 'content-type': contentType });
      response.end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const error = await preparing(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    server.closeAllConnections();
    server.close();
    return error;
  };

  it('says when nothing does, and that it may be tried again', async () => {
    const error = await preparing('http://127.0.0.1:9');

    expect(error).to.include({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error).to.have.property('message').that.includes('http://127.0.0.1:9 cannot be reached');
  });

  it('says when it takes too long, and that it may be tried again', async () => {
    expect(await answering('text/plain', '', true)).to.include({ code: 'STORE_UNAVAILABLE', retryable: true });
  });

  it('says when it is a login page, or another product', async () => {
    for (const [type, body] of [
      ['text/html', '<html>Log in</html>'],
      ['application/json', '{"nodes":{"x":{"version":"2.19.0"}}}'],
    ] as const) {
      expect(await answering(type, body)).to.include({ code: 'STORE_UNSUPPORTED', retryable: false });
    }
  });

  it('never shows the user and password of its URL', async () => {
    await using store = await ElasticsearchStore.open(settingsFor('http://joe:s3cr3t@127.0.0.1:9', 'x'), silentLogger);

    expect(store.description).to.equal('elasticsearch:http://127.0.0.1:9');
    const error = (await failure(store.prepare())) as Error;
    expect(error.message + JSON.stringify(error)).to.not.include('s3cr3t');
  });

  it('says which setting is missing, or not supported, before it asks any server', async () => {
    const open = (changes: Partial<ElasticsearchSettings>): Promise<unknown> =>
      failure(ElasticsearchStore.open(settingsFor('http://127.0.0.1:9', 'x', changes), silentLogger));

    expect(await open({ auth_type: 'cognito' })).to.have.property('code', 'CONFIG_UNSUPPORTED');
    expect(await open({ auth_type: 'direct' }))
      .to.have.property('message')
      .that.includes('username is empty');
    expect(await open({ auth_type: 'api_key' }))
      .to.have.property('message')
      .that.includes('api_key is empty');
    expect(await open({ ca_file: '/nowhere/ca.pem' })).to.have.property('code', 'CONFIG_UNREADABLE_FILE');
  });
});

async function setBlock(url: string, alias: string, block: string, value: boolean | null): Promise<void> {
  await ask(url, 'PUT', `/${alias}/_settings`, { [`index.blocks.${block}`]: value });
}

/** The documents of reliability’s list of what Elasticsearch refuses, one kind in fifty each. */
function poisoned(index: number): RunDocuments {
  const appId = `app-${String(index)}`;
  const aggs = (column: unknown): RunDocuments => {
    const run = sampleRun({ appId });
    const { attempt } = run.aggregate;
    const stages = { ...attempt.aggs.stages, inputBytes: column } as AggregateDocument['attempt']['aggs']['stages'];
    return { ...run, aggregate: { ...run.aggregate, attempt: { ...attempt, aggs: { ...attempt.aggs, stages } } } };
  };
  switch (index % 50) {
    case 0:
      return sampleRun({ appId, properties: { '': 'empty', '.': 'dot', 'a..b': 'dots', ' ': 'blank' } });
    case 1:
      return sampleRun({ appId, properties: { spark_executor_memory: { nested: true } } });
    case 2:
      return sampleRun({
        appId,
        name: 'n'.repeat(40_000),
        properties: { long: 'x'.repeat(40_000), ['k'.repeat(40_000)]: 'v' },
      });
    case 3:
      return aggs({ min: { nested: 1 }, max: 'text' });
    case 4:
      return aggs(5);
    case 5:
      return sampleRun({ appId, inputBytes: 2n ** 80n, properties: { spark_driver_cores: 2n ** 70n } });
    case 6:
      return sampleRun({
        appId,
        properties: { spark_driver_cores: 'not a number', spark_dynamicAllocation_enabled: 'perhaps' },
      });
    case 7:
      return sampleRun({ appId: `${appId}-${'i'.repeat(600)}` });
    case 8:
      return sampleRun({ appId, properties: { __proto__x: 'x', 'nul\u0000': 'v\u0000', '\ud800': '\udfff' } });
    case 9:
      return sampleRun({ appId, properties: { huge: 'x'.repeat(1_100_000) } });
    default:
      return sampleRun({ appId });
  }
}

/** An aggregate document of the original, with the marks that Spot adds. */
function originalDocument(name: string): AggregateDocument {
  const document = JSON.parse(readFileSync(join(PARITY, name, 'agg.json'), 'utf8')) as AggregateDocument;
  return {
    ...document,
    spot: { ...document.spot, cluster: 'main', fingerprint: 'f', revision: 1, schema_version: 1, flags: [] },
  };
}

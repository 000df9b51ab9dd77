import { expect } from 'chai';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { documentId } from '../../src/documents/run-key.ts';
import type { FindOptions, KeptDocument, RunDocuments, RunFilter, Store } from '../../src/store/store.ts';
import { StoreError } from '../../src/util/errors.ts';
import { endAt, sampleDetail, sampleError, sampleKey, sampleRaw, sampleRun, type SampleRun } from './sample-runs.ts';

/** Where a store lives: opened more than once in a test, empty at its start. */
export interface StorePlace {
  open(): Promise<Store>;
  remove(): Promise<void>;
}

/**
 * What every store promises, run against the real engine.
 *
 * Expected values are what was written, and the order and bounds that `src/store/store.ts` states; none is taken from a store.
 */
export function describeStoreContract(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name} keeps the promises of a store`, function () {
    // A service on a busy machine takes its time.
    this.timeout(60_000);
    let place: StorePlace;
    let store: Store;

    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
      await store.prepare();
    });

    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await place.remove();
    });

    const save = async (...samples: readonly SampleRun[]): Promise<void> => {
      const outcomes = await store.saveRuns(samples.map(sampleRun));
      expect(outcomes).to.deep.equal(samples.map(() => ({ status: 'saved' })));
    };
    const reopen = async (): Promise<void> => {
      await store[Symbol.asyncDispose]();
      store = await place.open();
    };
    const findAppIds = (filter: RunFilter = {}, options: FindOptions = {}): Promise<string[]> =>
      idsOf(store.findAggregates(filter, options));

    describe('documents', () => {
      it('come back as they were written, also after the store was closed and opened again', async () => {
        const run = sampleRun({ attemptId: '2', withDetail: true });
        await store.saveRuns([run]);

        await reopen();

        expect(await store.readAggregate(run.key)).to.deep.equal(run.aggregate);
        expect(await store.readRaw(run.key)).to.deep.equal(store.supports.keepsRaw ? run.raw : undefined);
        expect(await store.readDetail(run.key)).to.deep.equal(run.detail);
      });

      it('that were never written are undefined', async () => {
        await save({ withRaw: false });

        expect(await store.readRaw(sampleKey())).to.equal(undefined);
        expect(await store.readDetail(sampleKey())).to.equal(undefined);
        expect(await store.readAggregate(sampleKey({ appId: 'another' }))).to.equal(undefined);
      });

      it('written twice change nothing', async () => {
        const run = sampleRun({ withDetail: true });

        const first = await store.saveRuns([run]);
        const second = await store.saveRuns([run, run]);

        expect([...first, ...second]).to.deep.equal([{ status: 'saved' }, { status: 'saved' }, { status: 'saved' }]);
        expect(await findAppIds()).to.deep.equal([run.key.appId]);
        expect(await store.stats()).to.include({ agg: 1, detail: 1, raw: store.supports.keepsRaw ? 1 : 0 });
        expect(await store.readAggregate(run.key)).to.deep.equal(run.aggregate);
      });

      it('of the same application in two clusters, and of its two attempts, are four runs', async () => {
        const samples = ['a', 'b'].flatMap((cluster) => ['1', '2'].map((attemptId) => ({ cluster, attemptId })));
        await save(...samples);

        const keys = await collect(store.findKeys({}));

        expect(keys.map(({ cluster, attemptId }) => `${cluster} ${String(attemptId)}`).sort()).to.deep.equal([
          'a 1',
          'a 2',
          'b 1',
          'b 2',
        ]);
        for (const sample of samples) {
          const document = await store.readAggregate(sampleKey(sample));
          expect([document?.spot.cluster, document?.attempt.attemptId]).to.deep.equal([
            sample.cluster,
            sample.attemptId,
          ]);
        }
      });

      it('may lack raw and detail the next time: then the stored ones stay', async () => {
        await save({ withDetail: true });

        await save({ revision: 2, withRaw: false });

        expect((await store.readAggregate(sampleKey()))?.spot.revision).to.equal(2);
        expect(await store.readDetail(sampleKey())).to.deep.equal(sampleDetail());
        if (store.supports.keepsRaw) expect(await store.readRaw(sampleKey())).to.deep.equal(sampleRaw());
      });

      it('of an empty batch are no error', async () => {
        expect(await store.saveRuns([])).to.deep.equal([]);
        await store.saveErrors([]);
        await store.clearErrors([]);
        expect(await store.readLedger([])).to.deep.equal(new Map());
        expect(await store.readErrors([])).to.deep.equal(new Map());
      });
    });

    describe('awkward values', () => {
      const texts = {
        empty: '',
        blank: '   ',
        'beyond the basic plane': '𝔘𝔫𝔦 ☃ 日本語 مرحبا 👩‍👩‍👧',
        NUL: 'before\u0000after',
        'a lone surrogate': 'before\ud800after',
        'control characters and markup': '\u0001\r\n\t\u202e<img onerror=x>"\'; DROP TABLE run; --',
        '40,000 characters': 'x'.repeat(40_000),
      };
      for (const [what, text] of Object.entries(texts)) {
        it(`come back whole and can be looked for as name, user and tag: ${what}`, async () => {
          const run = sampleRun({
            name: text,
            user: text,
            tag: text,
            properties: { spark_app_name: text, spark_own: [text] },
          });
          const other = sampleRun({ appId: 'other', name: 'other', user: 'other', tag: 'other' });
          expect(await store.saveRuns([run, other])).to.deep.equal([{ status: 'saved' }, { status: 'saved' }]);

          expect(await store.readAggregate(run.key)).to.deep.equal(run.aggregate);
          if (store.supports.keepsRaw) expect(await store.readRaw(run.key)).to.deep.equal(run.raw);
          for (const filter of [{ app: text }, { user: text }, { tag: text }]) {
            expect(await findAppIds(filter), JSON.stringify(Object.keys(filter))).to.deep.equal([run.key.appId]);
          }
        });
      }

      for (const [what, appId] of Object.entries({
        'a space, a slash and a percent sign': 'app 1/2%3',
        'the separator of ids': 'app~1',
        'not ASCII': 'app-日本-☃',
        NUL: 'app\u00001',
        'a lone surrogate': 'app\udc001',
        '600 characters': 'a'.repeat(600),
        '40,000 characters': 'b'.repeat(40_000),
      })) {
        it(`may be application ids: ${what}`, async () => {
          const run = sampleRun({ appId, attemptId: '1' });
          await store.saveRuns([run]);
          await store.saveErrors([sampleError({ appId })]);

          const id = documentId(run.key);
          const errorId = documentId({ cluster: 'main', appId });
          expect((await store.readLedger([run.key])).get(id)).to.deep.equal({ fingerprint: 'f1', revision: 1 });
          expect(await store.readAggregate(run.key)).to.deep.equal(run.aggregate);
          expect([...(await store.readErrors([errorId])).keys()]).to.deep.equal([errorId]);
          const [key] = await collect(store.findKeys({}));
          expect(key).to.deep.equal({
            cluster: 'main',
            appId: appId.toWellFormed(),
            attemptId: '1',
            fingerprint: 'f1',
            revision: 1,
          });
        });
      }

      const numbers: readonly (number | bigint)[] = [
        2 ** 31 + 1,
        2 ** 53 - 1,
        2n ** 53n + 1n,
        2n ** 63n - 1n,
        -(2n ** 63n),
        0.1 + 0.2,
        5e-324,
        1.7976931348623157e308,
      ];
      for (const number of numbers) {
        it(`keep each digit of a number: ${String(number)}`, async () => {
          const run = sampleRun({ inputBytes: number, properties: { spark_long: number } });
          expect(await store.saveRuns([run])).to.deep.equal([{ status: 'saved' }]);

          expect(await store.readAggregate(run.key)).to.deep.equal(run.aggregate);
          if (store.supports.keepsRaw) expect(await store.readRaw(run.key)).to.deep.equal(run.raw);
        });
      }

      it('may be the names of properties: empty, dots, prototype names, NUL, 40,000 characters', async () => {
        const names = [
          '',
          ' ',
          '.',
          '..',
          'a..b',
          '.a',
          'a.',
          'spark.a',
          'spark.a.b',
          '__proto__',
          'constructor',
          'a\u0000b',
          'k'.repeat(40_000),
          '%',
          '☃',
        ];
        const properties = Object.fromEntries(names.map((name) => [name, `value of ${name.slice(0, 20)}`]));
        const run = sampleRun({ properties });
        expect(Object.keys(properties)).to.have.lengthOf(15);

        expect(await store.saveRuns([run])).to.deep.equal([{ status: 'saved' }]);

        expect(await store.readAggregate(run.key)).to.deep.equal(run.aggregate);
        if (store.supports.keepsRaw) expect(await store.readRaw(run.key)).to.deep.equal(run.raw);
      });

      it('of one property may be of another kind in each run: text, number, date, object, list, null', async () => {
        const values = ['10g', 5, '2026-11-21', true, { min: 1 }, ['a', 1], null, 1e308];
        const runs = values.map((value, index) =>
          sampleRun({ appId: `app-${String(index)}`, properties: { spark_executor_memory: value, spark_x: value } }),
        );

        const outcomes = await store.saveRuns(runs);

        expect(outcomes).to.deep.equal(runs.map(() => ({ status: 'saved' })));
        for (const run of runs) expect(await store.readAggregate(run.key)).to.deep.equal(run.aggregate);
      });
    });

    describe('revisions', () => {
      it('never let an older document replace a newer one', async () => {
        await save({ revision: 5, fingerprint: 'new', name: 'new' });

        const [outcome] = await store.saveRuns([sampleRun({ revision: 4, fingerprint: 'old', name: 'old' })]);

        expect(outcome).to.deep.equal({ status: 'superseded' });
        expect((await store.readAggregate(sampleKey()))?.name).to.equal('new');
        if (store.supports.keepsRaw) expect((await store.readRaw(sampleKey()))?.name).to.equal('new');
        expect([...(await store.readLedger([sampleKey()])).values()]).to.deep.equal([
          { fingerprint: 'new', revision: 5 },
        ]);
      });

      it('let the same and a higher one replace, within one batch too', async () => {
        await save({ revision: 5, name: 'first' }, { revision: 5, name: 'second' }, { revision: 6, name: 'third' });

        expect((await store.readAggregate(sampleKey()))?.name).to.equal('third');
        expect(await findAppIds()).to.have.lengthOf(1);
      });
    });

    describe('the ledger', () => {
      it('knows a run as soon as it was acknowledged, and only those asked for', async () => {
        for (let index = 0; index < 20; index += 1) {
          const sample = { appId: `app-${String(index)}`, fingerprint: `f-${String(index)}`, revision: index + 1 };
          await save(sample);

          const entries = await store.readLedger([sampleKey(sample), sampleKey({ appId: 'unknown' })]);

          expect([...entries]).to.deep.equal([
            [documentId(sampleKey(sample)), { fingerprint: sample.fingerprint, revision: sample.revision }],
          ]);
        }
      });

      it('answers for 3,000 keys at once', async () => {
        const samples = Array.from({ length: 3000 }, (_, index) => ({ appId: `app-${String(index)}`, withRaw: false }));
        await save(...samples);

        const entries = await store.readLedger(samples.map(sampleKey));

        expect(entries.size).to.equal(3000);
      });
    });

    describe('a batch', () => {
      it('with runs that cannot be written rejects those alone, and says so in its order', async () => {
        const circular: Record<string, unknown> = {};
        circular['self'] = circular;
        const runs = Array.from({ length: 20 }, (_, index) => sampleRun({ appId: `app-${String(index)}` }));
        const spoiled = runs.map((run, index) => (index % 5 === 2 ? withRunTime(run, circular) : run));

        const outcomes = await store.saveRuns(spoiled);

        expect(outcomes.map(({ status }) => status)).to.deep.equal(
          runs.map((_, index) => (index % 5 === 2 ? 'rejected' : 'saved')),
        );
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected')
            expect(outcome.error).to.be.instanceOf(StoreError).with.property('code', 'STORE_REJECTED');
        }
        expect(await findAppIds()).to.have.lengthOf(16);
        expect((await store.readLedger(runs.map((run) => run.key))).size).to.equal(16);
        if (store.supports.keepsRaw) expect(await idsOf(store.findRaw({}))).to.have.lengthOf(16);
      });

      it('whose signal has fired is not written, and ends with the reason of the signal', async () => {
        const reason = new Error('stop now');

        const error = await failure(store.saveRuns([sampleRun()], { signal: AbortSignal.abort(reason) }));

        expect(error).to.equal(reason);
        expect(await store.readAggregate(sampleKey())).to.equal(undefined);
      });

      it('that is aborted on the way can be repeated, and then everything is there once', async () => {
        const runs = Array.from({ length: 300 }, (_, index) => sampleRun({ appId: `app-${String(index)}` }));
        const controller = new AbortController();
        const saving = store.saveRuns(runs, { signal: controller.signal }).then(
          () => undefined,
          (error: unknown) => error,
        );
        setTimeout(() => {
          controller.abort(new Error('stop now'));
        }, 5);

        const ending = await saving;
        const outcomes = await store.saveRuns(runs);

        if (ending !== undefined) expect(ending).to.have.property('message', 'stop now');
        expect(outcomes.every(({ status }) => status === 'saved')).to.equal(true);
        expect(await findAppIds({}, { limit: 1000 })).to.have.lengthOf(300);
      });

      it('under way while the store is closed is either written or refused, never half', async () => {
        const runs = Array.from({ length: 200 }, (_, index) => sampleRun({ appId: `app-${String(index)}` }));
        const saving = store.saveRuns(runs).then(
          (outcomes) => outcomes.every(({ status }) => status === 'saved'),
          () => false,
        );

        await reopen();

        const acknowledged = await saving;
        const stored = await store.readLedger(runs.map((run) => run.key));
        if (acknowledged) expect(stored.size).to.equal(200);
        for (const { key } of runs.filter((run) => stored.has(documentId(run.key)))) {
          if (store.supports.keepsRaw) expect(await store.readRaw(key), key.appId).to.not.equal(undefined);
        }
      });

      it('after the store was closed is refused with STORE_CLOSED', async () => {
        await store[Symbol.asyncDispose]();

        expect(await failure(store.saveRuns([sampleRun()]))).to.have.property('code', 'STORE_CLOSED');
        expect(await failure(store.readLedger([sampleKey()]))).to.have.property('code', 'STORE_CLOSED');
        expect(await failure(collect(store.findKeys({})))).to.have.property('code', 'STORE_CLOSED');
        await store[Symbol.asyncDispose]();

        store = await place.open();
      });
    });

    describe('finding', () => {
      const samples: readonly SampleRun[] = [
        { appId: 'a', cluster: 'main', name: 'load', user: 'ann', tag: 'daily', end: endAt(10) },
        { appId: 'b', cluster: 'main', name: 'load', user: 'bob', tag: 'hourly', end: endAt(30) },
        { appId: 'c', cluster: 'test', name: 'report', user: 'ann', tag: 'daily', end: endAt(20) },
        { appId: 'load', cluster: 'test', name: 'other', user: 'bob', tag: 'daily', end: endAt(20) },
        { appId: 'e', cluster: 'main', name: 'endless', user: 'ann', tag: 'daily', end: null },
        { appId: 'd', cluster: 'main', name: 'endless', user: 'bob', tag: 'daily', end: null },
      ];
      const minute = (minutes: number): Date => new Date(endAt(minutes));

      beforeEach(() => save(...samples));

      const cases: readonly (readonly [string, RunFilter, readonly string[]])[] = [
        [
          'everything: the newest end first, equal ends by id, runs without an end last',
          {},
          ['b', 'load', 'c', 'a', 'e', 'd'],
        ],
        ['a cluster', { cluster: 'test' }, ['load', 'c']],
        ['an application by id or by name', { app: 'load' }, ['b', 'load', 'a']],
        ['a user', { user: 'ann' }, ['c', 'a', 'e']],
        ['a tag', { tag: 'daily' }, ['load', 'c', 'a', 'e', 'd']],
        ['several of them: each must match', { cluster: 'main', user: 'ann', tag: 'daily', app: 'load' }, ['a']],
        ['ends from a moment on, that moment included', { endedAfter: minute(20) }, ['b', 'load', 'c']],
        ['ends up to a moment, that moment included', { endedBefore: minute(20) }, ['load', 'c', 'a']],
        [
          'one millisecond less at both ends',
          { endedAfter: new Date(+minute(10) + 1), endedBefore: new Date(+minute(30) - 1) },
          ['load', 'c'],
        ],
        ['nothing', { user: 'nobody' }, []],
        ['texts as they are, without wildcards', { app: 'lo*' }, []],
      ];
      for (const [what, filter, expected] of cases) {
        it(`finds ${what}`, async () => {
          expect(await findAppIds(filter)).to.deep.equal(expected);
          expect((await collect(store.findKeys(filter))).map(({ appId }) => appId)).to.deep.equal(expected);
          if (store.supports.keepsRaw) expect(await idsOf(store.findRaw(filter))).to.deep.equal(expected);
        });
      }

      it('gives the oldest end first when asked, with equal ends by id the other way, and runs without an end last', async () => {
        expect(await findAppIds({}, { order: 'oldest-first' })).to.deep.equal(['a', 'c', 'load', 'b', 'd', 'e']);
      });

      it('stops at the limit', async () => {
        expect(await findAppIds({}, { limit: 2 })).to.deep.equal(['b', 'load']);
        expect(await findAppIds({}, { limit: 5 })).to.deep.equal(['b', 'load', 'c', 'a', 'e']);
        expect(await findAppIds({}, { limit: 0 })).to.deep.equal([]);
      });

      it('gives keys with what the ledger knows', async () => {
        const [first] = await collect(store.findKeys({ cluster: 'test', app: 'c' }));

        expect(first).to.deep.equal({ cluster: 'test', appId: 'c', fingerprint: 'f1', revision: 1 });
      });

      it('ends with the reason of a signal that fires', async () => {
        const controller = new AbortController();
        const reason = new Error('enough');
        const seen: string[] = [];
        const search = async (): Promise<void> => {
          for await (const { id } of store.findAggregates({}, { signal: controller.signal })) {
            seen.push(id);
            controller.abort(reason);
          }
        };

        expect(await failure(search())).to.equal(reason);
        expect(seen).to.deep.equal(['b']);
      });

      it('may be left in the middle', async () => {
        for await (const { id } of store.findAggregates({})) {
          expect(id).to.equal('b');
          break;
        }
        await save({ appId: 'later' });
      });
    });

    it('pages past 10,000: 10,050 runs are each found once, in order', async () => {
      const runs = Array.from({ length: 10_050 }, (_, index) =>
        slimRun(`app-${String(index).padStart(5, '0')}`, endAt(index >> 2)),
      );
      for (let start = 0; start < runs.length; start += 1005) {
        const outcomes = await store.saveRuns(runs.slice(start, start + 1005));
        expect(outcomes.every(({ status }) => status === 'saved')).to.equal(true);
      }

      const expected = runs.map(({ key }) => key.appId);
      expect((await collect(store.findKeys({}, { order: 'oldest-first' }))).map(({ appId }) => appId)).to.deep.equal(
        expected,
      );
      expect(await idsOf(store.findAggregates({ user: 'spark' }))).to.deep.equal(expected.toReversed());
      expect(await store.stats()).to.include({ agg: 10_050 });
    }).timeout(240_000);

    describe('error documents', () => {
      it('replace the one of the same run, whatever its attempt', async () => {
        const id = documentId(sampleKey({ appId: 'app-1' }));
        await store.saveErrors([
          sampleError({ count: 1 }),
          sampleError({ appId: 'n/a' }),
          sampleError({ attemptId: '2' }),
        ]);
        await store.saveErrors([sampleError({ count: 2 })]);

        const stored = await store.readErrors([id, 'unknown']);

        expect([...stored]).to.deep.equal([[id, sampleError({ count: 2 })]]);
        expect(await collect(store.findErrors({}))).to.have.lengthOf(3);
      });

      it('can be cleared, also when they are not there', async () => {
        await store.saveErrors([sampleError({ appId: 'app-1' }), sampleError({ appId: 'app-2' })]);

        await store.clearErrors([documentId(sampleKey({ appId: 'app-1' })), 'unknown']);

        expect((await collect(store.findErrors({}))).map(({ spot }) => spot.spark_app_id)).to.deep.equal(['app-2']);
        expect(await store.stats()).to.include({ err: 1 });
      });

      it('are found by cluster, application id and time of the last try, newest first', async () => {
        await store.saveErrors([
          sampleError({ appId: 'a', processed: endAt(10) }),
          sampleError({ appId: 'b', processed: endAt(30) }),
          sampleError({ appId: 'c', processed: endAt(20), cluster: 'test' }),
        ]);
        const find = async (filter: RunFilter, options: FindOptions = {}): Promise<string[]> =>
          (await collect(store.findErrors(filter, options))).map(({ spot }) => spot.spark_app_id);

        expect(await find({})).to.deep.equal(['b', 'c', 'a']);
        expect(await find({}, { order: 'oldest-first', limit: 2 })).to.deep.equal(['a', 'c']);
        expect(await find({ cluster: 'test' })).to.deep.equal(['c']);
        expect(await find({ app: 'a' })).to.deep.equal(['a']);
        expect(await find({ endedAfter: new Date(endAt(20)) })).to.deep.equal(['b', 'c']);
        expect(await find({ user: 'spark' })).to.deep.equal([]);
      });

      it('take any text in their message', async () => {
        const message = 'before\u0000after \ud800 ☃ '.repeat(5000);
        await store.saveErrors([sampleError({ message })]);

        expect((await collect(store.findErrors({})))[0]?.spot.error.message).to.equal(message);
      });
    });

    describe('what Spot itself learnt', () => {
      const model = (id: string, revision = 1, body: unknown = { id, revision }): KeptDocument => ({
        kind: 'model',
        id,
        revision,
        savedAt: '2026-11-21T12:00:00.000Z',
        body,
      });
      const keep = async (...documents: readonly KeptDocument[]): Promise<string[]> =>
        (await store.keep(documents)).map(({ status }) => status);
      const keptIds = async (idPrefix?: string, limit?: number): Promise<string[]> =>
        (await collect(store.findKept('model', { idPrefix, limit }))).map(({ id }) => id);

      it('comes back as it was kept, also after the store was closed and opened again', async () => {
        const document = model('daily load', 7, {
          weights: [1.5, 2n ** 63n - 1n, 5e-324],
          '': null,
          'a..b': { '.': '\u0000' },
        });
        expect(await keep(document)).to.deep.equal(['saved']);
        expect(await store.readKept('model', 'daily load')).to.deep.equal(document);

        await reopen();

        expect(await store.readKept('model', 'daily load')).to.deep.equal(document);
        expect(await collect(store.findKept('model'))).to.deep.equal([document]);
      });

      for (const [what, body] of Object.entries({
        'a text': 'text',
        null: null,
        'a number': 5,
        'a list': [1, 'a', [], {}],
        false: false,
      })) {
        it(`may be ${what} as a whole`, async () => {
          await keep(model('m', 1, body));

          expect((await store.readKept('model', 'm'))?.body).to.deep.equal(body);
        });
      }

      it('that was never kept is undefined, and of one kind is not of another', async () => {
        await keep(model('m'));

        expect(await store.readKept('model', 'another')).to.equal(undefined);
        expect(await store.readKept('alert', 'm')).to.equal(undefined);
        expect(await collect(store.findKept('tuning'))).to.deep.equal([]);
      });

      it('is replaced by a higher revision alone: the stored one or a lower is superseded', async () => {
        expect(await keep(model('m', 5))).to.deep.equal(['saved']);

        expect(
          await keep(model('m', 5, 'other'), model('m', 4), model('m', 6), model('m', 6), model('m', 9)),
        ).to.deep.equal(['superseded', 'superseded', 'saved', 'superseded', 'saved']);

        expect(await store.readKept('model', 'm')).to.deep.equal(model('m', 9));
        expect(await keptIds()).to.deep.equal(['m']);
      });

      it('is written by one of 20 who replace the same revision at the same time', async () => {
        await keep(model('m', 1));

        const all = await Promise.all(Array.from({ length: 20 }, (_, index) => keep(model('m', 2, index))));

        expect(all.flat().filter((status) => status === 'saved')).to.have.lengthOf(1);
        const winner = all.findIndex(([status]) => status === 'saved');
        expect((await store.readKept('model', 'm'))?.body).to.equal(winner);
      });

      it('that is no document is rejected alone', async () => {
        const circular: Record<string, unknown> = {};
        circular['self'] = circular;
        const spoiled = [
          model(''),
          model('x'.repeat(32_001)),
          model('a', -1),
          model('a', 1.5),
          { ...model('a'), savedAt: 'yesterday' },
          { ...model('a'), body: undefined },
          model('a', 1, circular),
          { ...model('a'), kind: 'idea' } as unknown as KeptDocument,
        ];

        const outcomes = await store.keep([model('first', 0), ...spoiled, model('last')]);

        expect(outcomes.map(({ status }) => status)).to.deep.equal([
          'saved',
          ...spoiled.map(() => 'rejected'),
          'saved',
        ]);
        for (const outcome of outcomes.slice(1, -1))
          expect(outcome)
            .to.have.property('error')
            .that.is.instanceOf(StoreError)
            .with.property('code', 'STORE_REJECTED');
        expect(await keptIds()).to.deep.equal(['first', 'last']);
      });

      it('is found by id, in the order of code points, by prefix, up to a limit', async () => {
        // U+FFFD stands before U+1F600 by code point, and behind its first half by UTF-16.
        const ids = [
          'a',
          'a/1',
          'a/10',
          'a/2',
          'a0',
          'b',
          'B',
          'ab',
          '\uFFFD',
          '\u{1F600}',
          'a\u0000',
          '%',
          'x'.repeat(32_000),
        ];
        await keep(...ids.map((id) => model(id)));
        const sorted = [...ids].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

        expect(await keptIds()).to.deep.equal(sorted);
        expect(await keptIds('a/')).to.deep.equal(['a/1', 'a/10', 'a/2']);
        expect(await keptIds('a')).to.deep.equal(['a', 'a\u0000', 'a/1', 'a/10', 'a/2', 'a0', 'ab']);
        expect(await keptIds('a', 2)).to.deep.equal(['a', 'a\u0000']);
        expect(await keptIds('c')).to.deep.equal([]);
        expect(await keptIds('x')).to.deep.equal(['x'.repeat(32_000)]);
        expect(await keptIds('', 0)).to.deep.equal([]);
        for (const id of ids) expect((await store.readKept('model', id))?.id).to.equal(id);
      });

      it('has its id as every store keeps a text: a lone surrogate is U+FFFD', async () => {
        await keep(model('a\ud800b'));

        expect(await store.readKept('model', 'a\ud800b')).to.have.property('id', 'a\uFFFDb');
        expect(await keptIds('a\ud800')).to.deep.equal(['a\uFFFDb']);
      });

      it('is found past any page: 1,050 of 1,100', async () => {
        const ids = Array.from(
          { length: 1100 },
          (_, index) => `${index < 1050 ? 'in' : 'out'}/${String(index).padStart(4, '0')}`,
        );
        await keep(...ids.map((id) => model(id)));

        expect(await keptIds('in/')).to.deep.equal(ids.slice(0, 1050));
        expect(await keptIds('in/', 1010)).to.deep.equal(ids.slice(0, 1010));
      });

      it('ends a find with the reason of a signal that fires', async () => {
        const reason = new Error('enough');
        await keep(model('a'), model('b'));
        const controller = new AbortController();
        const search = async (): Promise<void> => {
          for await (const { id } of store.findKept('model', { signal: controller.signal })) {
            expect(id).to.equal('a');
            controller.abort(reason);
          }
        };

        expect(await failure(search())).to.equal(reason);
      });

      it('can be forgotten, also when it is not there, and kept anew with any revision', async () => {
        await keep(model('a', 5), model('b', 5), { ...model('a', 5), kind: 'alert' });

        await store.forget('model', ['a', 'never kept']);
        await store.forget('model', []);

        expect(await store.readKept('model', 'a')).to.equal(undefined);
        expect(await keptIds()).to.deep.equal(['b']);
        expect((await store.readKept('alert', 'a'))?.revision).to.equal(5);
        expect(await keep(model('a', 1))).to.deep.equal(['saved']);
        expect(await store.readKept('model', 'a')).to.deep.equal(model('a', 1));
      });

      it('is no run: neither the ledger, nor counts, nor pruning know it', async () => {
        await keep({ ...model('m'), savedAt: '2001-01-01T00:00:00.000Z' });

        expect(await store.stats()).to.include({ agg: 0, raw: 0, detail: 0, err: 0 });
        expect(await store.prune({ endedBefore: new Date() })).to.deep.equal({ agg: 0, raw: 0, detail: 0, err: 0 });
        expect(await keptIds()).to.deep.equal(['m']);
      });

      it('of an empty call is no error', async () => {
        expect(await store.keep([])).to.deep.equal([]);
      });
    });

    it('counts what it holds, and knows the oldest and the newest end', async () => {
      await save(
        { appId: 'a', end: endAt(10), withDetail: true },
        { appId: 'b', end: endAt(30) },
        { appId: 'c', end: null, withRaw: false },
      );
      await store.saveErrors([sampleError()]);

      const stats = await store.stats();

      expect(stats).to.include({ agg: 3, raw: store.supports.keepsRaw ? 2 : 0, detail: 1, err: 1 });
      expect([stats.oldestEnd, stats.newestEnd]).to.deep.equal([
        '2026-11-21T00:10:00.000Z',
        '2026-11-21T00:30:00.000Z',
      ]);
    });

    it('counts nothing while it is empty', async () => {
      const stats = await store.stats();

      expect(stats).to.include({ agg: 0, raw: 0, detail: 0, err: 0 });
      expect([stats.oldestEnd, stats.newestEnd]).to.deep.equal([undefined, undefined]);
    });

    it('may be prepared again', async () => {
      await save({});

      await store.prepare();

      expect(await findAppIds()).to.have.lengthOf(1);
    });

    describe('pruning', () => {
      const OLD = '2026-01-01T00:00:00.000000+00:00';
      const LIMIT = new Date('2026-01-01T00:00:00Z');

      beforeEach(async () => {
        await save(
          { appId: 'old', end: OLD, withDetail: true },
          { appId: 'a millisecond younger', end: '2026-01-01T00:00:00.001000+00:00', withDetail: true },
          { appId: 'without an end', end: null },
        );
        await store.saveErrors([
          sampleError({ appId: 'old', processed: '2025-12-31T00:00:00.000000+00:00' }),
          sampleError({ appId: 'new', processed: '2026-01-02T00:00:00.000000+00:00' }),
        ]);
      });

      const counts = async (): Promise<unknown> => {
        const { agg, raw, detail, err } = await store.stats();
        return { agg, raw: store.supports.keepsRaw ? raw : 3, detail, err };
      };

      it('deletes every document of a run that ended at the limit, and nothing younger or without an end', async () => {
        expect(await store.prune({ endedBefore: LIMIT })).to.include({ agg: 1, detail: 1, err: 1 });

        expect(await findAppIds()).to.have.members(['a millisecond younger', 'without an end']);
        const key = sampleKey({ appId: 'old' });
        expect([await store.readAggregate(key), await store.readRaw(key), await store.readDetail(key)]).to.deep.equal([
          undefined,
          undefined,
          undefined,
        ]);
        expect((await store.readLedger([key])).size).to.equal(0);
        expect(await store.readDetail(sampleKey({ appId: 'a millisecond younger' }))).to.not.equal(undefined);
        expect(await store.stats()).to.include({ agg: 2, detail: 1, err: 1 });
        expect((await collect(store.findErrors({}))).map(({ spot }) => spot.spark_app_id)).to.deep.equal(['new']);
      });

      it('keeps the aggregates and the ledger where that is asked for: the run stays known and is not read again', async () => {
        expect(await store.prune({ endedBefore: LIMIT, keepAggregates: true })).to.include({
          agg: 0,
          detail: 1,
          err: 1,
        });

        const key = sampleKey({ appId: 'old' });
        expect((await store.readLedger([key])).size).to.equal(1);
        expect(await store.readAggregate(key)).to.not.equal(undefined);
        expect([await store.readRaw(key), await store.readDetail(key)]).to.deep.equal([undefined, undefined]);
        expect(await store.stats()).to.include({ agg: 3, detail: 1, raw: store.supports.keepsRaw ? 2 : 0 });
      });

      it('only counts in a dry run, and the count is what then is deleted', async () => {
        const before = await counts();

        const counted = await store.prune({ endedBefore: LIMIT, isDryRun: true });

        expect(await counts()).to.deep.equal(before);
        expect(await store.prune({ endedBefore: LIMIT })).to.deep.equal(counted);
        expect(await store.prune({ endedBefore: LIMIT })).to.deep.equal({ agg: 0, raw: 0, detail: 0, err: 0 });
      });

      it('takes a pruned run again when it is saved again', async () => {
        await store.prune({ endedBefore: LIMIT });

        await save({ appId: 'old', end: OLD, withDetail: true });

        expect(await store.readDetail(sampleKey({ appId: 'old' }))).to.deep.equal(sampleDetail());
        expect(await store.stats()).to.include({ agg: 3, detail: 2 });
      });

      it('deletes 1,200 runs in one call', async () => {
        const runs = Array.from({ length: 1200 }, (_, index) => slimRun(`many-${index}`, OLD));
        await store.saveRuns(runs);

        expect(await store.prune({ endedBefore: LIMIT })).to.include({ agg: 1201 });
        expect(await store.stats()).to.include({ agg: 2 });
      });
    });
  });
}

/** A run as small as the types allow, for tests with thousands. */
function slimRun(appId: string, end: string): RunDocuments {
  const { key, aggregate } = sampleRun({ appId, end });
  const aggs = {
    allexecutors: { driver: {}, executors: { elements_count: 0 } },
    stages: { elements_count: 0 },
    summary: {},
  };
  return { key, aggregate: { ...aggregate, attempt: { ...aggregate.attempt, aggs } } };
}

function withRunTime(run: RunDocuments, runtime: Record<string, unknown>): RunDocuments {
  const { attempt } = run.aggregate;
  const spoiled = {
    ...run.aggregate,
    attempt: { ...attempt, environment: { ...attempt.environment, runtime } },
  } as AggregateDocument;
  return { ...run, aggregate: spoiled };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(items);
}

async function idsOf(documents: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  return (await collect(documents)).map(({ id }) => id);
}

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It was expected to fail, and did not');
}

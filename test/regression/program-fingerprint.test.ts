import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { changedParts, programFingerprint } from '../../src/regression/program-fingerprint.ts';

type Input = Parameters<typeof programFingerprint>;
interface Recorded {
  readonly app: string;
  readonly inputBytes: number;
  readonly executors: number;
  readonly attempt: Input[0]['attempt'];
  readonly detail: NonNullable<Input[1]>;
}

/** Real runs on real Spark, see test/fixtures/programs/README.md. */
const runs = JSON.parse(
  gunzipSync(readFileSync(new URL('../fixtures/programs/runs.json.gz', import.meta.url))).toString(),
) as readonly Recorded[];
const runOf = (id: string): Recorded => runs.find(({ app }) => app.includes(id))!;
const printOf = (run: Recorded) => programFingerprint(run, run.detail);

describe('regression/program-fingerprint', () => {
  const [small, half, large] = ['21085638', '21083643', '21090449'].map(runOf) as [Recorded, Recorded, Recorded];

  it('is the same for 3.6, 7.2 and 44.5 MB on 2, 2 and 4 executors, with 7 stages listed', () => {
    expect([small, half, large].map(({ inputBytes }) => Math.round(inputBytes / 1e5) / 10)).to.eql([3.6, 7.2, 44.5]);

    expect(printOf(half)).to.eql(printOf(small));
    expect(printOf(large)).to.eql(printOf(small));
    expect(printOf(small)).to.include({ files: 'workloads.py', spark: '4.0' }).and.include.keys('stages', 'plans');
  });

  it('tells other plans, and another Spark, of programs in the same script', () => {
    const [joins, driver] = [runOf('21084923'), runOf('21084635')];

    expect(changedParts(printOf(small), printOf(joins))).to.eql(['spark', 'plans']);
    expect(changedParts(printOf(joins), printOf(driver))).to.eql(['plans']);
  });

  it('tells a plan with one join more, and none with another strategy for the join it has', () => {
    const text = JSON.stringify(small.detail);
    const renamed = (to: string) =>
      programFingerprint(small, JSON.parse(text.replaceAll('SortMergeJoin', to)) as never);
    const oneMore = JSON.parse(text) as { sql: { plan: { name: string; children: unknown[] } }[] };
    for (const { plan } of oneMore.sql) plan.children = [{ name: 'SortMergeJoin', children: plan.children }];

    expect(changedParts(printOf(small), renamed('BroadcastHashJoin'))).to.eql([]);
    expect(changedParts(printOf(small), renamed('ShuffledHashJoin'))).to.eql([]);
    expect(changedParts(printOf(small), programFingerprint(small, oneMore as never))).to.eql(['plans']);
  });

  it('compares only what both runs show: without its log a run shows its Spark version alone', () => {
    const bare = programFingerprint(small);

    expect(bare).to.eql({ spark: '4.0' });
    expect(changedParts(bare, printOf(small))).to.eql([]);
  });

  it('takes jars by their name, wherever they lie', () => {
    const jars = (urls: string) =>
      programFingerprint({
        attempt: { appSparkVersion: '3.5.7', environment: { sparkProperties: { spark_app_initial_jar_urls: urls } } },
      } as never);

    expect(jars('spark://a:1/jars/etl-1.4.jar,spark://a:1/jars/lib.jar').files).to.equal('etl-1.4.jar lib.jar');
    expect(changedParts(jars('spark://a:1/jars/etl-1.4.jar'), jars('spark://b:2/jars/etl-1.4.jar'))).to.eql([]);
    expect(changedParts(jars('spark://a:1/jars/etl-1.4.jar'), jars('spark://a:1/jars/etl-1.5.jar'))).to.eql(['files']);
  });

  it('knows nothing of a plan that was cut for its depth', () => {
    const cut = { stages: [], sql: [{ plan: { name: 'Filter', children: ['***nested too deeply'] } }] };

    expect(programFingerprint(small, cut as never)).to.eql({ spark: '4.0' });
  });
});

import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChargeBackAnswer } from '../../src/app/charge-back.ts';
import type { CostReport } from '../../src/app/cost-report.ts';
import type { PricedAnalysis } from '../../src/app/price-analysis.ts';
import type { PricedSimulation } from '../../src/app/price-simulation.ts';
import { runSpot, spotJson } from '../support/run-spot.ts';

const LOGS = fileURLToPath(new URL('../fixtures/spark-corpus/logs/', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../docs/prices.example.json', import.meta.url));

/** Fields of the optimizer's cost estimate whose values can be known. */
const ESTIMATE = [
  'job_id',
  'total_cost',
  'currency',
  'breakdown',
  'instance_type',
  'cloud_provider',
  'region',
  'cost_per_hour',
  'spot_savings',
  'calculated_at',
];

describe('cli: what real runs cost', function () {
  this.timeout(120_000);
  let folder: string;
  let store: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-cli-money-'));
    store = `sqlite:${join(folder, 'spot.sqlite')}`;
    const { code, stderr } = await runSpot(['collect', '--event-log-dir', LOGS, '--store', store]);
    expect(code, stderr).to.equal(0);
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const json = async <T>(...args: readonly string[]): Promise<T> =>
    (await spotJson([...args, '--format', 'json', '--store', store])) as T;

  async function configured(prices: string): Promise<string> {
    const config = join(folder, 'config.ini');
    await writeFile(config, `[PRICES]\n${prices}\n`);
    return config;
  }

  it('charges the etl run 0.00108, by the times in its log', async () => {
    // By hand. local-cluster: heaps of 1 GiB and nothing beside. Executors from 08:36:50.147 and 08:36:51.264 to the end at
    // 08:37:10.932: 20.785 + 19.668 = 40.453 core-seconds and as many GiB-seconds; the driver 30.404 s; 0.055 an hour each.
    // Tasks ran 6.295 + 6.460 = 12.755 s of the 40.453.
    const report = await json<CostReport>('cost', 'app-20261121083643-0000');

    expect(report).to.include.keys(ESTIMATE);
    expect(report.total_cost).to.be.closeTo(((40.453 + 30.404) * 0.055) / 3600, 1e-12);
    expect(report.idle_cost).to.be.closeTo(((40.453 - 12.755) * 0.055) / 3600, 1e-12);
    expect(report).to.include({ job_id: 'app-20261121083643-0000', currency: 'USD', example_prices: true });
  });

  it('charges the run on YARN containers of 2 GiB, and whole machines where they are named', async () => {
    // By hand. 1024 + 384 = 1408 MiB are granted as 2048. Executors from 08:49:25.458 and 08:49:29.988 to 08:50:10.196:
    // 44.738 + 40.208 = 84.946 s; the driver 64.35 s; 0.05 + 2 × 0.005 = 0.06 an hour each.
    const run = 'application_1795250787152_0001/2';
    expect((await json<CostReport>('cost', run)).total_cost).to.be.closeTo(((84.946 + 64.35) * 0.06) / 3600, 1e-12);

    const book = join(folder, 'prices.json');
    const seen = { date: '2026-11-21', source: 'a test' };
    const machine = { cores: 4, memory_gib: 16, price: 0.3, ...seen };
    const prices = {
      currency: 'EUR',
      instance_types: { box: machine },
      minimum_billing_seconds: 60,
      billing: { executor_instance: 'box' },
    };
    await writeFile(book, JSON.stringify(prices));
    const report = await json<CostReport>('cost', run, '--config', await configured(`price_book = ${book}`));

    // By hand: 4 containers of 1 core fit on a box; one host for 44.738 s, paid for a minute, and the driver's quarter of a box.
    expect(report).to.include({ currency: 'EUR', example_prices: false });
    expect(report.total_cost).to.be.closeTo((((84.946 + 64.35) / 4) * 0.3) / 3600, 1e-12);
    expect(report.whole_machines).to.include({ instance_type: 'box', hosts: 1 });
    expect(report.whole_machines?.total_cost).to.be.closeTo(((60 + 64.35 / 4) * 0.3) / 3600, 1e-12);
  });

  it('says that prices are an example until they are yours', async () => {
    const text = async (config: string): Promise<string> =>
      (await runSpot(['cost', 'app-20261121083643-0000', '--store', store, '--config', config])).stdout;

    expect(await text(await configured(''))).to.include('Example prices: set [PRICES] price_book');
    expect(await text(await configured(`price_book = ${EXAMPLE}`))).to.include('Example prices');
    const own = await text(await configured('vcpu_hour = 0.07\ngib_hour = 0.01'));
    expect(own).to.not.include('Example');
    // Nobody told of which day they are.
    expect(own).to.match(/executors +cores .* 0\.07 +\S+ +- +\S*config\.ini/);
  });

  it('refuses a price book with its line, and a book beside simple prices, with exit code 78', async () => {
    const book = join(folder, 'wrong.json');
    await writeFile(book, '{\n"currency": "EUR",\n"vcpu_hour": 1\n}');
    const run = (config: string) => runSpot(['cost', 'x', '--store', store, '--config', config]);
    const wrong = await run(await configured(`price_book = ${book}`));
    const both = await run(await configured(`price_book = ${book}\nvcpu_hour = 1`));
    const absent = await run(await configured('price_book = /nonexistent/prices.json'));

    expect([wrong.code, both.code, absent.code]).to.deep.equal([78, 78, 78]);
    expect(wrong.stderr)
      .to.include('wrong.json, line 3: vcpu_hour must be an object')
      .and.to.include('CONFIG_PRICE_BOOK');
    expect(both.stderr).to.include('has both price_book and vcpu_hour');
    expect(absent.stderr).to.include('/nonexistent/prices.json');
  });

  it('has no cost for the run without an end, says why, and ends with 3', async () => {
    const { code, stdout } = await runSpot(['cost', 'app-20261121084052-0000', '--store', store]);

    expect(stdout).to.include('Its cost is not measurable, because no end of the run is known.');
    expect(code).to.equal(3);
  });

  it('says in analyze what idle executors are worth: less than the run cost, more than nothing', async () => {
    const { cost, total, findings } = await json<PricedAnalysis>('analyze', 'app-20261121084136-0000');
    const idle = findings.find(({ id }) => id === 'idle-executors');

    if ('because' in cost) throw new Error(cost.because);
    expect(idle?.savings.cost?.low).to.be.greaterThan(0);
    for (const worth of [...findings.map(({ savings }) => savings.cost), total.cost])
      if (worth !== undefined) expect(worth.high).to.be.within(worth.low, cost.total);
    const { stdout } = await runSpot(['analyze', 'app-20261121084136-0000', '--store', store]);
    expect(stdout).to.match(/severe +idle-executors +run .* USD/);
  });

  it('prices in simulate each size, one executor of a core for 23 s at 0.0007', async () => {
    const run = ['simulate', 'app-20261121084136-0000', '--executors', '1,4'];
    const { points, currency } = await json<PricedSimulation>(...run);

    // By hand: executor and driver are a core and a GiB each for the simulated time.
    expect(currency).to.equal('USD');
    expect(points[0]?.cost).to.be.closeTo((2 * 0.055 * points[0]!.durationMs) / 3_600_000, 1e-12);
    expect(points[1]?.cost).to.be.closeTo((5 * 0.055 * points[1]!.durationMs) / 3_600_000, 1e-12);
    expect((await runSpot([...run, '--store', store])).stdout).to.match(/COST \(USD\).*\n +1 +1 .* 0\.0007/);
  });

  it('adds up in stats --by queue the two attempts on YARN, of which the first failed, apart from all others', async () => {
    const { groups, total } = await json<ChargeBackAnswer>('stats', '--by', 'queue');

    expect(groups.map(({ group, runs, failedRuns }) => [group, runs, failedRuns])).to.deep.equal([
      [null, 9, 1],
      ['etl', 2, 1],
    ]);
    expect(total.cost).to.be.closeTo(
      groups.reduce((sum, { cost }) => sum + cost, 0),
      1e-12,
    );
    expect(total.unmeasured).to.include({ cost: 1 });
  });

  it('prints stats --by as table and CSV, and stats alone as it always did', async () => {
    const stats = (...args: readonly string[]) => runSpot(['stats', ...args, '--store', store]);
    const table = await stats('--by', 'day', '--since', '2026-11-21', '--until', '2026-11-22');
    const csv = await stats('--by', 'cluster', '--format', 'csv');
    const plain = await stats();
    const senseless = await stats('--since', '7d');

    expect(table.stdout).to.match(/^DAY +RUNS +CORE-H +WASTED +COST \(USD\) +FAILED +TREND\n2026-11-21 +10 /);
    expect(csv.stdout.split('\n')[0]).to.match(
      /^cluster,runs,failed_runs,failed_share,core_hours,wasted_core_hours,cost,/,
    );
    expect(csv.stdout.split('\n')[1]).to.match(/^default,11,2,/);
    expect(plain.stdout).to.match(/^Store +sqlite:.*\nRuns +11\n/);
    expect([senseless.code, senseless.stderr]).to.deep.equal([
      2,
      '--since needs --by user|tag|app|queue|cluster|day: without it the whole store is told of\n',
    ]);
  });
});

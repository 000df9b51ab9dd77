import { expect } from 'chai';
import { checkRun, type CheckOptions, type CheckReport } from '../../src/app/check-run.ts';
import { checkJunit } from '../../src/cli/check/junit.ts';
import { simplePriceBook } from '../../src/money/price-book.ts';
import type { RunSketch } from '../support/aggregate-run.ts';
import { storeWith } from '../support/memory-runs.ts';

const PRICES = simplePriceBook(
  { vcpu_hour: 1, gib_hour: 0, currency: 'EUR' },
  { name: 'test', isExample: false, date: '2026-11-21', source: 'made up' },
);
const PROPERTIES = { spark_master: 'spark://m:7077', spark_executor_memory: 1024 ** 3 };

const runs = (count: number, durationMs: number): RunSketch[] =>
  Array.from({ length: count }, () => ({ durationMs, properties: PROPERTIES }));

async function check(
  sketches: readonly RunSketch[],
  options: Partial<CheckOptions>,
  appId = `app-${sketches.length - 1}`,
): Promise<CheckReport> {
  await using store = await storeWith(sketches);
  return await checkRun(
    store,
    { cluster: 'default', appId },
    { against: { last: 20 }, limits: { maxSlower: 0.1 }, prices: PRICES, ...options },
  );
}

describe('app/check-run', () => {
  it('passes 108 s after ten runs of 100 s at 10 %, and fails 112 s', async () => {
    expect((await check([...runs(10, 100_000), ...runs(1, 108_000)], {})).status).to.equal('passed');
    const failed = await check([...runs(10, 100_000), ...runs(1, 112_000)], {});

    expect(failed.status).to.equal('failed');
    expect(failed.checks[0]?.measured).to.be.closeTo(0.12, 1e-9);
    expect(failed.comparison?.before.run).to.equal('app-9');
  });

  it('goes by the runs that ended before it, of its own application on its own cluster, and by no others', async () => {
    const own = runs(5, 100_000);
    const others = [
      ...runs(9, 10_000).map((run) => ({ ...run, tag: 'other' })),
      ...runs(9, 10_000).map((run) => ({ ...run, cluster: 'south' })),
    ];
    const later = runs(9, 10_000);
    const report = await check([...own, ...others, ...runs(1, 105_000), ...later], {}, 'app-23');

    expect(report.status).to.equal('passed');
    expect(report.expectation?.runs).to.equal(5);
  });

  it('takes the last five only when asked for last-5', async () => {
    const sketches = [...runs(15, 50_000), ...runs(5, 100_000), ...runs(1, 105_000)];

    expect((await check(sketches, { against: { last: 5 } })).status).to.equal('passed');
    expect((await check(sketches, {})).status).to.equal('failed');
  });

  it('is undecided with four runs, and for a run without an end', async () => {
    const few = await check([...runs(4, 100_000), ...runs(1, 500_000)], {});
    const open = await check([...runs(10, 100_000), { completed: false }], {});

    expect([few.status, few.checks[0]?.text]).to.deep.equal([
      'undecided',
      '4 completed runs of nightly ended before it, and 5 are needed',
    ]);
    expect(open.status).to.equal('undecided');
  });

  it('lets twice the input take twice as long where runs before show that it does', async () => {
    const sized = Array.from({ length: 12 }, (_, i) => ({
      durationMs: 50_000 * (1 + (i % 3)),
      inputBytes: 1e9 * (1 + (i % 3)),
    }));

    const report = await check([...sized, { durationMs: 155_000, inputBytes: 3e9 }], {});

    expect(report.status).to.equal('passed');
    expect(report.expectation?.expectedMs).to.be.closeTo(150_000, 1);
  });

  it('is undecided about ten times the input that takes five times as long, where no run tells what is right', async () => {
    const report = await check([...runs(10, 100_000), { durationMs: 500_000, inputBytes: 1e7 }], {});

    expect(report.status).to.equal('undecided');
    expect(report.checks[0]?.text).to.include('more or less than any run before');
  });

  it('compares with one run, and says how much of it more data explains', async () => {
    // 80 of 100 s in stages; twice the bytes at the same time per byte make 160 s of them.
    const sketches = [
      { durationMs: 100_000, parallelMs: 80_000, coreMs: 400_000 },
      {
        durationMs: 180_000,
        parallelMs: 160_000,
        coreMs: 720_000,
        inputBytes: 2e6,
        executorRunTime: 200_000,
        executorCpuTimeMs: 160_000,
      },
    ];
    const report = await check(sketches, { against: { run: { cluster: 'default', appId: 'app-0' } } });

    expect(report.checks[0]?.text).to.equal('80.0 % slower than app-0; more data explains 100 % of that');
    expect(report.status).to.equal('failed');
  });

  it('holds cost to its limit: 2 executors of 2 cores and a driver core for 1 h at 1 EUR a core-hour are 5 EUR', async () => {
    const hour = [{ durationMs: 3_600_000, properties: PROPERTIES }];

    expect((await check(hour, { limits: { maxCost: 5.01 } })).status).to.equal('passed');
    const dear = await check(hour, { limits: { maxCost: 4.99 } });
    expect([dear.status, dear.checks[0]?.text]).to.deep.equal(['failed', 'It cost 5.00 EUR']);
    expect((await check([{ durationMs: 1000 }], { limits: { maxCost: 1 } })).status).to.equal('undecided');
  });

  it('is undecided about findings where neither tasks nor stages are stored', async () => {
    expect((await check(runs(1, 1000), { limits: { maxFindings: 'severe' } })).status).to.equal('undecided');
  });
});

describe('cli/check/junit', () => {
  it('writes XML in which a hostile name is text, a failure is a failure and what is not known an error', () => {
    const report: CheckReport = {
      run: 'app-1',
      name: '</testsuite> & "x" \u0000\u{1F600}',
      cluster: 'default',
      against: 'last-20',
      status: 'failed',
      checks: [
        { id: 'slower', status: 'failed', measured: 0.5, limit: 0.1, text: 'a < b' },
        { id: 'cost', status: 'undecided', measured: null, limit: 1, text: 'why' },
        { id: 'findings', status: 'passed', measured: 'low', limit: 'severe', text: 'fine' },
      ],
    };

    expect(checkJunit(report)).to.equal(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="1">
  <testsuite name="spot check app-1 (&lt;/testsuite&gt; &amp; &quot;x&quot; \uFFFD\u{1F600}) against last-20" tests="3" failures="1" errors="1" skipped="0" time="0">
    <testcase classname="spot.check.app-1" name="slower" time="0">
      <failure type="slower" message="a &lt; b">a &lt; b (measured 0.5, limit 0.1)</failure>
    </testcase>
    <testcase classname="spot.check.app-1" name="cost" time="0">
      <error type="cost" message="why">why (measured null, limit 1)</error>
    </testcase>
    <testcase classname="spot.check.app-1" name="findings" time="0">
      <system-out>fine (measured low, limit severe)</system-out>
    </testcase>
  </testsuite>
</testsuites>`);
  });
});

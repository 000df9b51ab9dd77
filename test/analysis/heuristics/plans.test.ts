import { expect } from 'chai';
import { explodingJoin } from '../../../src/analysis/heuristics/exploding-join.ts';
import { largeBroadcast } from '../../../src/analysis/heuristics/large-broadcast.ts';
import { missedBroadcast } from '../../../src/analysis/heuristics/missed-broadcast.ts';
import { missingPushdown } from '../../../src/analysis/heuristics/missing-pushdown.ts';
import { pythonCost } from '../../../src/analysis/heuristics/python-cost.ts';
import { repeatedPlans } from '../../../src/analysis/heuristics/repeated-plans.ts';
import { smallFiles } from '../../../src/analysis/heuristics/small-files.ts';
import type { SqlNode } from '../../../src/documents/run-detail.ts';
import { all, changeStage, even, findingsOf, node, sample, withColumns, withSql } from '../sample-facts.ts';

const MIB = 1024 ** 2;

/** A run of one stage, 4 tasks of 10 s on 4 slots, under this plan. */
function planned(plan: SqlNode) {
  return sample([even(4, 10_000)], { change: withSql(plan) });
}

describe('analysis/heuristics/small-files', () => {
  const scan = (files: number, bytes: number) =>
    planned(
      node(
        'Scan csv',
        { 'number of files read': files, 'size of files read': bytes },
        [],
        'FileScan csv [a] Location: InMemoryFileIndex(1 paths)[s3://b/in]',
      ),
    );

  it('finds 2000 files of 50 KiB: at most 10 ms each, over 4 slots', () => {
    const [finding] = findingsOf(smallFiles, scan(2000, 2000 * 51_200));

    expect(finding?.facts).to.include({ direction: 'read', files: 2000, meanFileBytes: 51_200, location: 's3://b/in' });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 5000 });
  });

  it('takes what the tasks that read them ran for, and never more than 100 ms a file; two queries are one finding', () => {
    const plan = node(
      'Scan csv',
      { 'number of files read': 1000, 'size of files read': 1000 * 100 },
      [],
      'FileScan csv [a] Location: InMemoryFileIndex(1 paths)[s3://b/in]',
    );
    const readBy = (ms: number) =>
      sample([even(4, ms)], {
        change: all(withColumns(0, { inputBytes: even(4, 25_000) }), withSql(plan), withSql(plan)),
      });

    // 40 s of tasks for two times 1000 files are 20 ms each, over 4 slots; 400 s would be 200 ms, of which half counts.
    const findings = findingsOf(smallFiles, readBy(10_000));
    expect(findings.map(({ savings }) => savings.timeMs)).to.deep.equal([{ low: 0, high: 10_000 }]);
    expect(findings[0]).to.deep.include({ subject: 'SQL 0, 1' });
    expect(findingsOf(smallFiles, readBy(100_000))[0]?.savings.timeMs.high).to.equal(50_000);
  });

  it('finds 500 written files of 10 KiB, which cost whoever reads them', () => {
    const write = node('Execute InsertIntoHadoopFsRelationCommand', {
      'number of written files': 500,
      'written output': 500 * 10_240,
    });

    expect(findingsOf(smallFiles, planned(write))[0]?.facts).to.include({ direction: 'written', files: 500 });
  });

  it('is silent about 2000 files of 64 MiB, and about 8 small ones', () => {
    expect(findingsOf(smallFiles, scan(2000, 2000 * 64 * MIB))).to.deep.equal([]);
    expect(findingsOf(smallFiles, scan(8, 8 * 1024))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/missed-broadcast', () => {
  const side = (bytes: number, ms: number) =>
    node('Sort', { 'sort time': ms }, [
      node('InputAdapter', {}, [node('Exchange', { 'data size': bytes, 'shuffle write time': ms })]),
    ]);
  const join = (type: string, left: SqlNode, right: SqlNode) =>
    planned(node('SortMergeJoin', {}, [left, right], `SortMergeJoin [a#1], [b#2], ${type}`));

  it('finds 1 GiB shuffled and sorted beside 5 MiB: 8 s of tasks on 4 slots', () => {
    const [finding] = findingsOf(missedBroadcast, join('Inner', side(1024 * MIB, 4000), side(5 * MIB, 0)));

    expect(finding?.facts).to.include({ smallSideBytes: 5 * MIB, largeSideBytes: 1024 * MIB, shuffleAndSortMs: 8000 });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 2000 });
    expect(finding?.fix.set).to.deep.equal({
      'spark.sql.autoBroadcastJoinThreshold': '10m',
      'spark.sql.adaptive.autoBroadcastJoinThreshold': '10m',
    });
  });

  /** Stage 0 writes the large side in 4 tasks of 10 s, stage 1 reads both and joins in 4 tasks of 5 s. */
  const inTwoStages = (above: (join: SqlNode) => SqlNode) => {
    const exchange = (rows: number, bytes: number, writeMs: number) =>
      node('Exchange', {
        'data size': bytes,
        'shuffle write time': writeMs,
        'shuffle records written': rows,
        'records read': rows,
      });
    const sorted = node('Sort', { 'sort time': 2000 }, [exchange(1000, 1024 * MIB, 4000)]);
    const joined = node('SortMergeJoin', {}, [sorted, exchange(10, 5 * MIB, 0)], 'SortMergeJoin [a#1], [b#2], Inner');
    const rows = (stageId: number, sums: Readonly<Record<string, number>>) =>
      changeStage(stageId, (stage) => ({ sums: { ...stage.sums, ...sums } }));
    return sample([even(4, 10_000), even(4, 5000)], {
      change: all(
        rows(0, { shuffleWriteRecords: 1000 }),
        rows(1, { shuffleReadRecords: 1010 }),
        withSql(above(joined)),
      ),
    });
  };

  it('takes the stage of the join as the most that could be saved, and what was measured as certain', () => {
    const [finding] = findingsOf(
      missedBroadcast,
      inTwoStages((join) => node('Project', {}, [join])),
    );

    expect(finding?.facts).to.include({ joinStage: 1, joinStageMs: 5000, shuffleAndSortMs: 6000 });
    expect(finding?.savings.basis).to.equal('simulated');
    // By hand: writing is 4 of 40 s of tasks, sorting 2 of 20, less the 10 MiB of 1024 that two executors are sent.
    const netShare = 1 - 10 / 1024;
    expect(finding?.savings.timeMs.high).to.be.closeTo(5000 + 0.1 * netShare * 10_000, 0.01);
    expect(finding?.savings.timeMs.low).to.be.closeTo(0.1 * netShare * 10_000 + 0.1 * netShare * 5000, 0.01);
  });

  it('keeps to the measured time where a Python function works on the joined rows in the same stage', () => {
    const [finding] = findingsOf(
      missedBroadcast,
      inTwoStages((join) => node('BatchEvalPython', {}, [join])),
    );

    expect(finding?.savings.basis).to.equal('estimated');
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 1500 });
  });

  it('is silent where the join’s type forbids to broadcast the small side', () => {
    expect(findingsOf(missedBroadcast, join('RightOuter', side(1024 * MIB, 4000), side(5 * MIB, 0)))).to.deep.equal([]);
    expect(findingsOf(missedBroadcast, join('FullOuter', side(1024 * MIB, 4000), side(5 * MIB, 0)))).to.deep.equal([]);
    expect(findingsOf(missedBroadcast, join('LeftOuter', side(1024 * MIB, 4000), side(5 * MIB, 0)))).to.have.length(1);
  });

  it('is silent about two large sides, and where the shuffle took 80 ms', () => {
    expect(findingsOf(missedBroadcast, join('Inner', side(1024 * MIB, 4000), side(900 * MIB, 0)))).to.deep.equal([]);
    expect(findingsOf(missedBroadcast, join('Inner', side(8 * MIB, 40), side(MIB / 8, 0)))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/large-broadcast', () => {
  const broadcast = (bytes: number) =>
    planned(
      node('BroadcastExchange', {
        'data size': bytes,
        'time to collect': 3000,
        'time to build': 2000,
        'time to broadcast': 1000,
      }),
    );

  it('finds 1.5 GiB broadcast in 6 s', () => {
    const [finding] = findingsOf(largeBroadcast, broadcast(1536 * MIB));

    expect(finding?.facts).to.include({ broadcastBytes: 1536 * MIB, onDriverMs: 3000 });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 6000 });
  });

  it('is silent about 20 MiB', () => {
    expect(findingsOf(largeBroadcast, broadcast(20 * MIB))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/exploding-join', () => {
  const product = (rows: number) =>
    planned(
      node('CartesianProduct', { 'number of output rows': rows * rows }, [
        node('Scan parquet', { 'number of output rows': rows }),
        node('Project', {}, [node('Scan parquet', { 'number of output rows': rows })]),
      ]),
    );

  it('finds 2000 by 2000 rows: 4 million, 2000 times the input', () => {
    const [finding] = findingsOf(explodingJoin, product(2000));

    expect(finding?.facts).to.deep.include({ comparedRows: 4_000_000, inputRows: [2000, 2000] });
    expect(finding?.severity).to.equal('severe');
  });

  it('is silent about 500 by 500 rows', () => {
    expect(findingsOf(explodingJoin, product(500))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/missing-pushdown', () => {
  const filtered = (kept: number, pushed: string) =>
    planned(
      node('Filter', { 'number of output rows': kept }, [
        node('ColumnarToRow', {}, [
          node('InputAdapter', {}, [
            node(
              'Scan parquet',
              { 'number of output rows': 50_000_000, 'scan time': 20_000 },
              [],
              `FileScan parquet [a#1] PartitionFilters: [], PushedFilters: [${pushed}], ReadSchema: struct<a:int>`,
            ),
          ]),
        ]),
      ]),
    );

  it('finds 50 million rows read for 100,000, with nothing but IsNotNull pushed: at most 20 s of tasks on 4 slots', () => {
    const [finding] = findingsOf(missingPushdown, filtered(100_000, 'IsNotNull(a)'));

    expect(finding?.facts).to.include({ readRows: 50_000_000, keptRows: 100_000 });
    expect(finding?.savings.timeMs.high).to.be.closeTo(5000 * (1 - 0.002), 1);
  });

  it('is silent where the filter was pushed, and where most rows are kept', () => {
    expect(findingsOf(missingPushdown, filtered(100_000, 'IsNotNull(a), EqualTo(a,5)'))).to.deep.equal([]);
    expect(findingsOf(missingPushdown, filtered(40_000_000, ''))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/repeated-plans', () => {
  const part = (column: number, wrap: (exchange: SqlNode) => SqlNode = (exchange) => exchange) =>
    node('HashAggregate', {}, [
      wrap(
        node(
          'Exchange',
          {},
          [
            node('WholeStageCodegen (1)', { duration: 12_000 }, [
              node(
                'Filter',
                {},
                [node('Scan parquet', {}, [], `FileScan parquet [a#${column}L]`)],
                `Filter (a#${column}L > 3)`,
              ),
            ]),
          ],
          `Exchange hashpartitioning(a#${column}L, 8), [plan_id=${column}]`,
        ),
      ),
    ]);
  const twice = (second: SqlNode) => sample([even(4, 10_000)], { change: all(withSql(part(7)), withSql(second)) });

  it('finds the same scan, filter and exchange in two queries: 12 s of tasks on 4 slots once more', () => {
    const [finding] = findingsOf(repeatedPlans, twice(part(90)));

    expect(finding?.facts).to.deep.include({ times: 2, parts: 1, taskTimeAgainMs: 12_000, reads: ['Scan parquet'] });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 3000 });
  });

  it('is silent about what Spark reused, what came from the cache, and another filter', () => {
    const other = part(90);
    const changed = JSON.parse(JSON.stringify(other).replaceAll('> 3', '> 4')) as SqlNode;

    expect(findingsOf(repeatedPlans, twice(part(90, (one) => node('ReusedExchange', {}, [one]))))).to.deep.equal([]);
    expect(findingsOf(repeatedPlans, twice(part(90, (one) => node('InMemoryTableScan', {}, [one]))))).to.deep.equal([]);
    expect(findingsOf(repeatedPlans, twice(changed))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/python-cost', () => {
  const cpuTimes = (ms: number) =>
    all(
      withColumns(0, { executorCpuTimeMs: even(4, ms) }),
      changeStage(0, (stage) => ({ sums: { ...stage.sums, executorCpuTime: 4 * ms * 1e6 } })),
    );
  const udf = withSql(node('Project', {}, [node('BatchEvalPython', {}, [node('Scan parquet')])]));

  it('finds tasks of 10 s under a Python UDF of which the JVM computed 1 s', () => {
    const [finding] = findingsOf(pythonCost, sample([even(4, 10_000)], { change: all(udf, cpuTimes(1000)) }));

    expect(finding?.facts).to.include({ kind: 'udf', outsideJvmMs: 36_000, outsideJvmShare: 0.9 });
    expect(finding?.severity).to.equal('moderate');
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 9000 });
    expect(finding?.fix.set).to.deep.equal({ 'spark.sql.execution.pythonUDF.arrow.enabled': 'true' });
  });

  it('is silent where the JVM computed most of the time, and where no Python is', () => {
    const noPython = withSql(node('Scan parquet'));

    expect(findingsOf(pythonCost, sample([even(4, 10_000)], { change: all(udf, cpuTimes(8000)) }))).to.deep.equal([]);
    expect(findingsOf(pythonCost, sample([even(4, 10_000)], { change: all(noPython, cpuTimes(1000)) }))).to.deep.equal(
      [],
    );
  });
});

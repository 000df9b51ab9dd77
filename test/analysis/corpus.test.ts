import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { analyze } from '../../src/analysis/analyze.ts';
import { factsOf } from '../../src/analysis/facts.ts';
import { analysisOf, collectedRuns, type CollectedRun } from '../support/collected-runs.ts';
import { whatIfRun, whatIfRuns } from '../support/whatif-runs.ts';
import { expectBoundedSavings } from './expect-bounded-savings.ts';
import { expectSameFindings, toldBothWays } from './expect-same-findings.ts';

const LOGS = fileURLToPath(new URL('../fixtures/spark-corpus/logs', import.meta.url));

/** What each log was made to show (test/fixtures/spark-corpus/README.md), and the finding that must stand first. */
const EXPECTED: readonly (readonly [run: string, shows: string, first: string])[] = [
  ['app-20261121084136-0000', 'four executors, one task at a time', 'idle-executors'],
  ['app-20261121084333-0000', 'a streaming query stopped before its first batch was done', 'streaming-batches'],
  ['app-20261121084635-0000', 'the driver works between short jobs', 'driver-bound'],
  ['app-20261121084052-0000', 'the driver was killed', 'run-quality'],
  ['app-20261121083842-0000', 'a failed stage', 'failed-jobs'],
  ['app-20261121083804-0000', 'a lost executor and a second stage attempt', 'lost-executors'],
  ['app-20261121085601-0000', 'one join key with 80 % of the rows', 'task-skew'],
  ['app-20261121084120-0000', 'a sort that spills', 'spill'],
];

describe('analysis on recorded runs', () => {
  let runs: readonly CollectedRun[];

  before(async function () {
    this.timeout(60_000);
    runs = await collectedRuns(LOGS);
  });

  function collected(id: string): CollectedRun {
    const run = runs.find(({ appId }) => appId === id);
    if (run === undefined) throw new Error(`${id} was not read`);
    return run;
  }

  for (const [run, shows, first] of EXPECTED) {
    it(`gives ${first} first: ${shows}`, async () => {
      const { findings, errors } = await analysisOf(collected(run));

      expect(errors).to.deep.equal([]);
      expect(findings[0]?.id).to.equal(first);
    });
  }

  it('gives a healthy ETL run nothing above low', async () => {
    const { findings } = await analysisOf(collected('app-20261121083643-0000'));

    expect(findings.filter(({ severity }) => severity !== 'low')).to.deep.equal([]);
  });

  it('tells that 80 % of the rows under one key is skew of data, in the third stage', async () => {
    const { findings } = await analysisOf(collected('app-20261121085601-0000'));

    expect(findings[0]).to.deep.include({ subject: 'stage 2' });
    expect(findings[0]?.facts).to.include({ cause: 'data', tasks: 16 });
  });

  /** The first finding of the same run where no log was read: those that need tasks or plans say so instead. */
  const WITHOUT_LOG: readonly (readonly [run: string, first: string | undefined])[] = [
    ['app-20261121084136-0000', 'idle-executors'],
    ['app-20261121084635-0000', 'driver-bound'],
    ['app-20261121084052-0000', 'run-quality'],
    ['app-20261121083842-0000', 'failed-jobs'],
    ['app-20261121083804-0000', 'lost-executors'],
    ['app-20261121084120-0000', 'spill'],
    ['app-20261121083643-0000', undefined],
  ];

  for (const [run, first] of WITHOUT_LOG) {
    it(`gives ${first ?? 'nothing'} first of the same run as a History Server tells it, and says what needs its log`, async () => {
      const told = await analysisOf(collected(run), { detail: undefined });

      expect(told.errors).to.deep.equal([]);
      expect(told.source).to.equal('history-server');
      expect(told.findings[0]?.id).to.equal(first);
      for (const id of ['task-skew', 'slow-host', 'tiny-tasks', 'missed-broadcast'])
        expect(told.notMeasurable.find((one) => one.id === id)?.because, id).to.match(/event log/);
    });
  }

  it('never saves more of any of the ten than the run and its critical path allow, nor counts an overlap twice', async () => {
    expect(runs.length).to.be.at.least(10);
    for (const run of runs) {
      const { detail } = run.documents;
      if (detail === undefined) throw new Error(`${run.appId} has no detail`);

      expectBoundedSavings(`${run.appId} by log`, await analysisOf(run), detail);
      expectBoundedSavings(`${run.appId} by server`, await analysisOf(run, { detail: undefined }), detail);
    }
  }).timeout(60_000);

  it('finds of each of the ten, told by a History Server, what it finds by its log, save what it says to be not measurable', async () => {
    for (const run of runs) expectSameFindings(run.appId, await toldBothWays(run));
  }).timeout(60_000);
});

describe('analysis on the recorded what-if runs', () => {
  const findingsOf = (name: string) => {
    const { detail, properties } = whatIfRun(name);
    return analyze(factsOf({ detail, properties, sparkVersion: '4.0.1', flags: [] }));
  };

  for (const name of ['etl-2x2-r1', 'etl-2x2-r2', 'etl-4x4-r1', 'etl-4x4-r2', 'etl-4x4-r3']) {
    it(`finds the stage of ${name} with waits of 6 and 2.5 s among short ones, and that its data is even`, () => {
      const skew = findingsOf(name).findings.find(({ id }) => id === 'task-skew');

      expect(skew?.facts).to.deep.include({ cause: 'other', stages: [1], tasks: 20 });
      expect(skew?.severity).to.be.oneOf(['moderate', 'severe']);
    });
  }

  it('never saves more of any of the 21 than the run and its critical path allow, nor counts an overlap twice', () => {
    for (const { name, detail } of whatIfRuns()) expectBoundedSavings(name, findingsOf(name), detail);
  }).timeout(60_000);

  for (const name of ['etlfix-2x2-r1', 'etlfix-4x4-r1']) {
    it(`finds no skew in ${name}, where the waits were made equal`, () => {
      expect(findingsOf(name).findings.map(({ id }) => id)).not.to.include('task-skew');
    });
  }
});

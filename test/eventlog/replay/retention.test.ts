import { expect } from 'chai';
import { Retention } from '../../../src/eventlog/replay/retention.ts';
import { longRun, manyExecutions } from './long-run.ts';
import { asAnswer, readJsonFixture, replayLog } from './support.ts';

describe('eventlog/replay: runs longer than a server remembers', () => {
  const log = longRun();

  // Expected values: answers of real History Servers, see test/fixtures/replay/README.md.
  for (const [server, dialect] of [
    ['4.0.1', '4.0'],
    ['3.5.7', '3.5'],
  ] as const) {
    it(`shows the 976 of 3,676 stage attempts and the 1,000 of 1,400 jobs that a ${server} server shows`, () => {
      const answers = readJsonFixture(`retention/long-run.server-${server}.json.br`) as Record<string, unknown[]>;

      const run = replayLog(log, { dialect });

      expect(answers['stages']).to.have.length(976);
      expect(answers['jobs']).to.have.length(1000);
      expect(asAnswer(run.stages)).to.deep.equal(answers['stages']);
      expect(asAnswer(run.jobs)).to.deep.equal(answers['jobs']);
    });
  }

  for (const [server, dialect] of [
    ['4.0.1', '4.0'],
    ['3.5.7', '3.5'],
  ] as const) {
    it(`shows the 1,017 of 1,300 SQL executions that a ${server} server shows`, () => {
      const { sql } = readJsonFixture(`retention/many-executions.server-${server}.json.br`) as Record<
        string,
        unknown[]
      >;

      const run = replayLog(manyExecutions(), { dialect, lastUpdated: 0 });

      expect(sql).to.have.length(1017);
      expect(withoutRunning(run.sql)).to.deep.equal(withoutRunning(sql ?? []));
    });
  }

  it('tells all jobs, all stages that ran and all tasks in the detail document', () => {
    const { jobs, stages } = replayLog(log).detail;

    const text = log.toString();
    const countOf = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    expect(jobs).to.have.length(1400);
    expect(stages).to.have.length(countOf(/SparkListenerStageSubmitted/g));
    expect(stages.reduce((sum, stage) => sum + stage.succeededTasks, 0)).to.equal(countOf(/SparkListenerTaskEnd/g));
  });
});

/** How long a running execution has run is a matter of when the server is asked. */
function withoutRunning(rows: readonly unknown[]): unknown {
  return (rows as readonly Record<string, unknown>[]).map((row) =>
    row['status'] === 'RUNNING' ? { ...row, duration: 0 } : row,
  );
}

// Expected values: by hand, from `calculateNumberToRemove` in Spark's AppStatusListener.
describe('eventlog/replay/retention', () => {
  function retentionOf(retained: number, ends: readonly (number | undefined)[], atLeast?: number): Retention {
    const retention = new Retention(retained, atLeast);
    for (const [key, ended] of ends.entries()) retention.write(key, ended);
    return retention;
  }

  it('forgets nothing of 20 rows when 20 are retained, and 2, a tenth, of 21', () => {
    const ends = Array.from({ length: 20 }, (_, i) => 100 - i);

    expect(retentionOf(20, ends).forget()).to.deep.equal([]);
    expect(retentionOf(20, [...ends, 300]).forget()).to.deep.equal([19, 18]);
  });

  it('forgets the lower key first of equal ends, and never a row that has not ended', () => {
    const retention = retentionOf(3, [undefined, 5, undefined, 5, 4]);

    expect(retention.forget()).to.deep.equal([4, 1]);
    retention.write(6, undefined);
    expect(retention.forget()).to.deep.equal([3]);
    retention.write(7, undefined);
    retention.write(8, undefined);
    expect(retention.forget()).to.deep.equal([]);
  });

  it('forgets 1 of 4, the lower key of two equal ends, when told to forget one at a time', () => {
    expect(retentionOf(3, [undefined, 7, 5, 5], 1).forget()).to.deep.equal([2]);
    expect(retentionOf(1, [undefined, undefined], 1).forget()).to.deep.equal([]);
  });
});

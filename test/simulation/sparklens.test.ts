import { expect } from 'chai';
import { sparklensReport, type SparklensRun } from '../../src/simulation/sparklens.ts';

/**
 * The run that Sparklens publishes with its expected report: `src/test/compatibility-files/version-1.json` and
 * `version-1.output` of https://github.com/qubole/sparklens (Apache-2.0); times after its application start.
 */
const published: SparklensRun = {
  durationMs: 1530689407138 - 1530689396017,
  cores: 4,
  jobs: [
    { startMs: 6560, endMs: 7084, stages: [{ stageId: 0, parentIds: [], taskMs: Float64Array.of(30, 30, 30, 30) }] },
    { startMs: 8041, endMs: 8054, stages: [{ stageId: 1, parentIds: [], taskMs: Float64Array.of(3, 3, 3, 3) }] },
  ],
};
const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;

describe('simulation/sparklens', () => {
  const report = sparklensReport(published);

  it('says of the published run that 95.17% passed in the driver, 4.83% in jobs, and 6.15% of those cores were used', () => {
    expect(percent(report.driverShare)).to.equal('95.17%');
    expect(percent(report.executorShare)).to.equal('4.83%');
    expect(percent(report.usedShare)).to.equal('6.15%');
  });

  it('has the published model error of 4% and, at twice the executors, 10 s and a utilisation of 0.16%', () => {
    expect(Math.floor(100 * report.modelError)).to.equal(4);
    expect(Math.floor(report.estimateMs(8) / 1000)).to.equal(10);
    expect((100 * report.utilizationRatio(8)).toFixed(2)).to.equal('0.16');
  });

  it('adds one wave of 30 ms and one of 3 ms to the driver time of 10584 ms, by hand', () => {
    expect(report.driverMs).to.equal(10_584);
    expect(report.estimateMs(4)).to.equal(10_617);
    expect(report.estimateMs(1)).to.equal(10_584 + 120 + 12);
    expect(report.criticalPathMs).to.equal(10_617);
    expect(report.idealMs).to.equal(10_584 + 132 / 4);
    expect(report.oneCoreMs).to.equal(10_584 + 132);
  });

  it('plays overlapping jobs of one SQL execution together, others one after the other', () => {
    const job = (
      startMs: number,
      endMs: number,
      stageId: number,
      sqlExecutionId?: number,
    ): SparklensRun['jobs'][number] => ({
      startMs,
      endMs,
      sqlExecutionId,
      stages: [{ stageId, parentIds: [], taskMs: Float64Array.of(100) }],
    });
    const together = sparklensReport({ durationMs: 300, cores: 2, jobs: [job(0, 100, 0, 7), job(50, 150, 1, 7)] });
    const apart = sparklensReport({ durationMs: 300, cores: 2, jobs: [job(0, 100, 0, 7), job(101, 201, 1, 7)] });

    expect(together.estimateMs(2)).to.equal(150 + 100);
    expect(together.estimateMs(1)).to.equal(150 + 200);
    expect(apart.estimateMs(2)).to.equal(100 + 200);
  });
});

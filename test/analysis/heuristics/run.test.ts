import { expect } from 'chai';
import { coldStart } from '../../../src/analysis/heuristics/cold-start.ts';
import { driverBound } from '../../../src/analysis/heuristics/driver-bound.ts';
import { failedJobs } from '../../../src/analysis/heuristics/failed-jobs.ts';
import { failedTasks } from '../../../src/analysis/heuristics/failed-tasks.ts';
import { idleExecutors } from '../../../src/analysis/heuristics/idle-executors.ts';
import { lostExecutors } from '../../../src/analysis/heuristics/lost-executors.ts';
import { runQuality } from '../../../src/analysis/heuristics/run-quality.ts';
import { streamingBatches } from '../../../src/analysis/heuristics/streaming-batches.ts';
import { TASK_FAILED, TASK_SUCCEEDED, type FailureGroup, type RunDetail } from '../../../src/documents/run-detail.ts';
import { all, changeStage, even, findingsOf, sample, withColumns } from '../sample-facts.ts';

const failure: FailureGroup = {
  kind: 'exception',
  className: 'java.lang.IllegalStateException',
  example: 'java.lang.IllegalStateException: no',
  count: 4,
  stageIds: [0],
  executors: ['0'],
  lostMs: 8000,
};

describe('analysis/heuristics/idle-executors', () => {
  it('finds 3 of 4 executors without work while one task after the other runs', () => {
    const [finding] = findingsOf(idleExecutors, sample([[20_000], [20_000]], { executors: 4, cores: 1 }));

    expect(finding?.facts).to.include({ executors: 4, enoughExecutors: 1, idleShareWhileJobsRan: 0.75 });
    expect(finding?.severity).to.equal('severe');
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 0 });
    // 3 executors of one core for 41.15 s.
    expect(finding?.savings.coreMs.high).to.be.closeTo(3 * 41_150, 1);
  });

  it('bounds cores where the master is a standalone one, which ignores the number of executors', () => {
    const properties = { 'spark.master': 'spark://host:7077' };
    const [finding] = findingsOf(idleExecutors, sample([[20_000], [20_000]], { executors: 4, cores: 1, properties }));

    expect(finding?.fix.set).to.deep.equal({ 'spark.cores.max': '1' });
  });

  it('is silent where all slots are busy, and about time in which no job runs', () => {
    expect(findingsOf(idleExecutors, sample([even(40, 1000)]))).to.deep.equal([]);
    expect(findingsOf(idleExecutors, sample([even(4, 1000), even(4, 1000)], { gapMs: 20_000 }))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/driver-bound', () => {
  it('finds gaps of 5 s between three jobs and 4 s after the last one: at most 11 s, a second of each is planning', () => {
    const stages = [even(4, 5000), even(4, 5000), even(4, 5000)];
    const [finding] = findingsOf(driverBound, sample(stages, { gapMs: 5000, tailMs: 4000 }));

    expect(finding?.facts).to.include({ aloneMs: 11_000, gaps: 3, afterLastJobMs: 3000, beforeFirstJobMs: 1000 });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 11_000 });
  });

  it('does not measure the waits of a shell, which are a person’s', () => {
    const shell = { 'spark.app.name': 'PySparkShell' };

    expect(
      findingsOf(driverBound, sample([even(4, 5000), even(4, 5000)], { gapMs: 9000, properties: shell })),
    ).to.deep.equal([]);
  });

  it('is silent about gaps below a second, which are planning, and about what comes before the first job', () => {
    const stages = Array.from({ length: 10 }, () => even(4, 500));

    expect(findingsOf(driverBound, sample(stages, { gapMs: 900 }))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/cold-start', () => {
  const arriving = (ms: number) => (detail: RunDetail) => ({
    ...detail,
    executors: detail.executors.map((executor) => ({ ...executor, added: ms })),
  });

  it('counts from the submission of the first stage at 1 s: executors at 21 s are 20 s late', () => {
    const [finding] = findingsOf(coldStart, sample([even(4, 30_000)], { change: arriving(21_000) }));

    expect(finding?.facts).to.include({ waitMs: 20_000 });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 20_000, high: 20_000 });
  });

  it('tells at most low of 40 s before the first stage of a run of 50', () => {
    const late = (detail: RunDetail) => ({
      ...detail,
      applicationEnd: 50_000,
      stages: detail.stages.map((stage) => ({ ...stage, submitted: 40_000 })),
    });
    const findings = findingsOf(coldStart, sample([even(4, 9000)], { change: late }));

    expect(findings.map(({ severity, subject }) => [severity, subject])).to.deep.equal([['low', 'start-up']]);
  });

  it('is silent where executors were there first', () => {
    expect(findingsOf(coldStart, sample([even(4, 30_000)]))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/failed-jobs', () => {
  const failing = (reason: string) =>
    all(
      changeStage(0, () => ({ failureReason: reason })),
      (detail) => ({
        ...detail,
        jobs: detail.jobs.map((job) => (job.jobId === 0 ? { ...job, succeeded: false } : job)),
        failures: [failure],
      }),
    );

  it('is critical when the last job failed, and names the class of the error', () => {
    const [finding] = findingsOf(
      failedJobs,
      sample([even(4, 1000)], { change: failing('Job aborted: Task 0 failed 4 times') }),
    );

    expect(finding?.severity).to.equal('critical');
    expect(finding?.facts).to.include({ failedStage: 0, errorClass: 'java.lang.IllegalStateException' });
  });

  it('is severe when one of two jobs failed and the run went on', () => {
    const stages = [...Array.from({ length: 4 }, () => even(4, 1000))];

    expect(findingsOf(failedJobs, sample(stages, { change: failing('Task 0 failed') }))[0]?.severity).to.equal(
      'severe',
    );
  });

  it('is silent about success, and about a job that was cancelled', () => {
    expect(findingsOf(failedJobs, sample([even(4, 1000)]))).to.deep.equal([]);
    expect(
      findingsOf(failedJobs, sample([even(4, 1000)], { change: failing('Job 0 cancelled by the user') })),
    ).to.deep.equal([]);
  });
});

describe('analysis/heuristics/failed-tasks', () => {
  // The first 4 of 12 attempts fail and are repeated.
  const failing = all(
    withColumns(0, {
      status: Array.from({ length: 12 }, (_, i) => (i < 4 ? TASK_FAILED : TASK_SUCCEEDED)),
      index: Array.from({ length: 12 }, (_, i) => (i < 4 ? i : i - 4)),
      attempt: Array.from({ length: 12 }, (_, i) => (i >= 4 && i < 8 ? 1 : 0)),
    }),
    changeStage(0, () => ({ numTasks: 8, failedTasks: 4, succeededTasks: 8 })),
    (detail) => ({ ...detail, failures: [failure] }),
  );

  it('finds 4 of 12 attempts of 2 s failed: one wave of three', () => {
    const [finding] = findingsOf(failedTasks, sample([even(12, 2000)], { change: failing }));

    expect(finding?.facts).to.include({ failedAttempts: 4, endedAttempts: 12, errorKind: 'exception', lostMs: 8000 });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 2000, high: 2000 });
  });

  it('is silent when no attempt failed', () => {
    expect(findingsOf(failedTasks, sample([even(12, 2000)]))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/lost-executors', () => {
  const losing = (removeReason: string) => (detail: RunDetail) => ({
    ...detail,
    executors: detail.executors.map((executor) =>
      executor.id === '1' ? { ...executor, removed: 2000, removeReason } : executor,
    ),
  });
  const repeated = (detail: RunDetail) => ({
    ...detail,
    stages: [
      ...detail.stages,
      ...detail.stages.slice(0, 1).map((stage) => ({ ...stage, attemptId: 1, submitted: 9000, completed: 11_000 })),
    ],
  });

  it('finds an executor lost at 2 s and a stage repeated from 9 to 11 s: 2 to 9 s', () => {
    const change = all(losing('Command exited with code 137'), repeated);
    const on = (master: string) =>
      findingsOf(
        lostExecutors,
        sample([even(4, 1000), even(16, 3000)], { change, properties: { 'spark.master': master } }),
      );
    const [finding] = on('yarn');

    expect(finding?.facts).to.deep.include({ lostExecutors: ['1'], repeatedStages: [0], repeatedMs: 2000 });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 2000, high: 9000 });
    expect(finding?.fix.text).to.match(/memoryOverhead/);
    // Nobody else holds an executor to a container.
    expect(on('spark://host:7077')[0]?.fix.text).not.to.match(/memoryOverhead/);
  });

  it('is silent about executors that dynamic allocation let go, and about those that go at the end', () => {
    const idle = losing('Executor killed by driver: idle for 60 s');

    expect(findingsOf(lostExecutors, sample([even(4, 1000), even(16, 3000)], { change: idle }))).to.deep.equal([]);
    expect(findingsOf(lostExecutors, sample([even(4, 500)], { change: losing('Worker shut down') }))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/run-quality', () => {
  it('is severe about a log without an end', () => {
    const cut = (detail: RunDetail) => ({
      ...detail,
      applicationEnd: undefined,
      quality: { ...detail.quality, hasEnd: false },
    });

    expect(findingsOf(runQuality, sample([even(4, 1000)], { change: cut }))[0]).to.include({
      severity: 'severe',
      subject: 'application end',
    });
  });

  it('tells 5 lost task ends of 100, but not those of a failed stage, which has none', () => {
    const losing = all(
      changeStage(0, () => ({ succeededTasks: 95 })),
      (detail) => ({ ...detail, quality: { ...detail.quality, lostTaskEnds: 5 } }),
    );
    const failed = all(
      losing,
      changeStage(0, () => ({ failureReason: 'aborted' })),
    );

    expect(findingsOf(runQuality, sample([even(100, 10)], { change: losing }))[0]).to.include({ severity: 'moderate' });
    expect(findingsOf(runQuality, sample([even(100, 10)], { change: failed }))).to.deep.equal([]);
  });

  it('is silent about a whole record', () => {
    expect(findingsOf(runQuality, sample([even(4, 1000)]))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/streaming-batches', () => {
  const batches =
    (count: number, everyMs: number, durationMs: number, failed = false) =>
    (detail: RunDetail) => ({
      ...detail,
      sql: Array.from({ length: count }, (_, i) => ({
        id: i,
        description: `clicks\nid = 1-2\nrunId = 3-4\nbatch = ${i}`,
        submitted: 1000 + i * everyMs,
        ended: 1000 + i * everyMs + durationMs,
        failed,
        jobIds: [],
        stageIds: [],
        modifiedConfigs: {},
      })),
    });

  it('is severe about a query of which no batch was finished', () => {
    const [finding] = findingsOf(streamingBatches, sample([even(4, 1000)], { change: batches(1, 0, 8000, true) }));

    expect(finding).to.include({ severity: 'severe', subject: 'query clicks' });
    expect(finding?.facts).to.include({ batches: 1, unfinishedBatches: 1 });
  });

  it('finds batches of 9.9 s that start every 10 s: no pause is left', () => {
    const [finding] = findingsOf(streamingBatches, sample([even(4, 1000)], { change: batches(20, 10_000, 9900) }));

    expect(finding?.facts).to.include({ busyShare: 1, medianBatchMs: 9900 });
    // They keep the beat of their trigger still.
    expect(finding?.severity).to.equal('low');
  });

  it('finds batches of 2.57 s that start 130 ms after the one before, off the beat of any trigger', () => {
    const [finding] = findingsOf(streamingBatches, sample([even(4, 1000)], { change: batches(11, 2700, 2570) }));

    expect(finding?.facts).to.include({ medianBatchMs: 2570, medianStepMs: 2700, busyShare: 1 });
    expect(finding?.severity).to.equal('moderate');
  });

  it('is silent about batches of 2 s every 10 s, and about runs that stream nothing', () => {
    expect(findingsOf(streamingBatches, sample([even(4, 1000)], { change: batches(20, 10_000, 2000) }))).to.deep.equal(
      [],
    );
    expect(findingsOf(streamingBatches, sample([even(4, 1000)]))).to.deep.equal([]);
  });
});

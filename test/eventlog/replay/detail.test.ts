import { expect } from 'chai';
import type { RunDetail, StageDetail, TaskQuantiles } from '../../../src/documents/run-detail.ts';
import { QUANTILES } from '../../../src/documents/run-detail.ts';
import { readFixture, readJsonFixture, replayLog } from './support.ts';

interface TaskSummary {
  readonly quantiles: readonly number[];
  readonly inputMetrics: Readonly<Record<string, readonly number[]>>;
  readonly outputMetrics: Readonly<Record<string, readonly number[]>>;
  readonly shuffleReadMetrics: Readonly<Record<string, readonly number[]>>;
  readonly shuffleWriteMetrics: Readonly<Record<string, readonly number[]>>;
  readonly [metric: string]: readonly number[] | Readonly<Record<string, unknown>>;
}

interface Answers {
  readonly taskSummary: Readonly<Record<string, TaskSummary>>;
  readonly stages: readonly Readonly<Record<string, number>>[];
  readonly allexecutors: readonly Readonly<Record<string, number | string | boolean>>[];
}

const NAMES = (readJsonFixture('corpus/index.json') as readonly { readonly name: string }[]).map(({ name }) => name);

function read(name: string): { detail: RunDetail; answers: Answers } {
  return {
    detail: replayLog(readFixture(`corpus/${name}.log.br`)).detail,
    answers: readJsonFixture(`corpus/${name}.server-4.0.1.json.br`) as Answers,
  };
}

function sumOf(column: readonly number[]): number {
  return column.reduce((sum, value) => sum + value, 0);
}

// Expected values: answers of a real 4.0.1 server over the same logs.
describe('eventlog/replay/detail: against the server', () => {
  for (const name of NAMES) {
    it(`has the quantiles that the server's taskSummary has, for ${name}`, () => {
      const { detail, answers } = read(name);
      let compared = 0;

      for (const [key, summary] of Object.entries(answers.taskSummary)) {
        const stage = detail.stages.find((one) => `${one.stageId}/${one.attemptId}` === key);
        // With failed tasks the server mixes them into the duration, so only stages without are comparable.
        if (!Array.isArray(summary.quantiles) || stage?.failedTasks !== 0 || stage.killedTasks !== 0) continue;
        expect(stageQuantiles(stage.quantiles!, summary.quantiles), key).to.deep.equal(serverQuantiles(summary));
        compared++;
      }

      expect(compared).to.equal(detail.stages.filter(hasOnlySuccesses).length);
    });

    it(`lists every task attempt, so that the columns sum up to the server's stages, for ${name}`, () => {
      const { detail, answers } = read(name);

      for (const { stageId, attemptId, tasks, sums, launchedTasks } of detail.stages) {
        const row = answers.stages.find((one) => one['stageId'] === stageId && one['attemptId'] === attemptId);
        expect(tasks?.index.length ?? 0).to.equal(launchedTasks);
        if (row === undefined || tasks === undefined) continue;
        expect(sumOf(tasks.executorRunTime)).to.equal(row['executorRunTime']);
        expect(sumOf(tasks.inputBytes)).to.equal(row['inputBytes']);
        expect(sumOf(tasks.shuffleReadBytes)).to.equal(row['shuffleReadBytes']);
        expect(sumOf(tasks.shuffleWriteBytes)).to.equal(row['shuffleWriteBytes']);
        expect(sumOf(tasks.peakExecutionMemory)).to.equal(row['peakExecutionMemory']);
        expect(sums['executorCpuTime']).to.equal(row['executorCpuTime']);
      }
    });

    it(`knows the executors and their sums as the server does, for ${name}`, () => {
      const { detail, answers } = read(name);

      expect(detail.executors.map(({ id }) => id)).to.have.members(answers.allexecutors.map(({ id }) => id));
      for (const row of answers.allexecutors) {
        const life = detail.executors.find(({ id }) => id === row['id']);
        expect(life?.cores).to.equal(row['totalCores']);
        expect(`${life!.host}:`).to.satisfy((host: string) => String(row['hostPort']).startsWith(host));
        // After its removal an executor's row takes no more, the sums do; so only rows of living ones are comparable.
        if (row['isActive'] !== true || row['id'] === 'driver') continue;
        const sums = detail.perExecutor.find((one) => one.name === row['id']);
        expect(sums?.durationMs ?? 0).to.equal(row['totalDuration']);
        expect(sums?.jvmGcTime ?? 0).to.equal(row['totalGCTime']);
        expect(sums?.shuffleWriteBytes ?? 0).to.equal(row['totalShuffleWrite']);
      }
    });
  }
});

describe('eventlog/replay/detail: what only the log tells', () => {
  it('groups failures by cause: 3 exceptions, 3 fetch failures, 1 executor lost with exit code 137, 1 result lost with it', () => {
    const { detail } = read('4.0.1-retries');

    const counts = detail.failures.map(({ kind, className, count }) => [`${kind} ${className}`, count]);
    const lost = detail.failures.find(({ kind }) => kind === 'container-killed');

    // Counted in the log by hand: grep -o '"Reason":"[A-Za-z]*"' | sort | uniq -c.
    expect(counts).to.have.deep.members([
      ['exception org.apache.spark.api.python.PythonException', 3],
      ['fetch-failure FetchFailed', 3],
      ['container-killed ExecutorLostFailure', 1],
      ['executor-lost Resubmitted', 1],
    ]);
    expect(lost?.executors).to.deep.equal(['0']);
    expect(lost?.example).to.include('exited with code 137');
    // The program raises it (scripts/spark/workloads.py).
    expect(detail.failures.find(({ kind }) => kind === 'exception')?.example).to.match(
      /^RuntimeError: flaky partition \d$/,
    );
  });

  it('keeps the plan as adaptive execution left it, with its metrics as numbers and its jobs', () => {
    const { detail } = read('4.0.1-etl');

    const [first] = detail.sql;

    expect(first?.plan?.name).to.equal('AdaptiveSparkPlan');
    expect(first?.plan?.description).to.equal('AdaptiveSparkPlan isFinalPlan=true');
    expect(first?.jobIds).to.have.length.above(0);
    expect(first?.failed).to.equal(false);
  });

  it('knows what a stage’s RDDs hold in the cache where blocks are logged: 117,454 bytes of the points, as the server says', () => {
    const { detail, answers } = read('4.0.1-cached-iterative');

    const rows = (answers as unknown as Readonly<Record<string, readonly Readonly<Record<string, number>>[]>>)[
      'storage-rdd'
    ];
    const cached = detail.stages.map((stage) => stage.cached).filter(({ partitions }) => partitions > 0);
    expect(rows?.at(-1)).to.include({ numCachedPartitions: 4, memoryUsed: 117_454 });
    expect(cached.at(-1)).to.deep.equal({
      ...{ memoryBytes: 117_454, diskBytes: 0, partitions: 4, ofPartitions: 4 },
      before: { had: 4, has: 4 },
    });
    // A take() had cached one of the four before.
    expect(cached.find(({ before }) => before?.had === 1)?.partitions).to.equal(4);
  });

  it('says that a killed driver left no end', () => {
    const { detail } = read('4.0.1-crash');

    expect(detail.applicationEnd).to.equal(undefined);
    expect(detail.quality.hasEnd).to.equal(false);
    expect(detail.jobs.some((job) => job.ended === undefined)).to.equal(true);
  });
});

function hasOnlySuccesses({ quantiles, failedTasks, killedTasks }: StageDetail): boolean {
  return quantiles !== undefined && failedTasks === 0 && killedTasks === 0;
}

/** Those of ours that the recorded request asked for: 0, .25, .5, .75, .95, 1. */
function stageQuantiles(quantiles: TaskQuantiles, asked: readonly number[]): Record<string, readonly number[]> {
  const places = asked.map((q) => QUANTILES.findIndex((known) => known === q));
  return Object.fromEntries(
    Object.entries(quantiles).flatMap(([name, values]: [string, number | readonly number[]]) =>
      typeof values === 'number' ? [] : [[name, places.map((place) => values[place] ?? NaN)]],
    ),
  );
}

function serverQuantiles(summary: TaskSummary): Record<string, readonly number[]> {
  const plain = (name: string): readonly number[] => summary[name] as readonly number[];
  return {
    duration: plain('duration'),
    executorRunTime: plain('executorRunTime'),
    executorCpuTimeMs: plain('executorCpuTime').map((ns) => ns / 1e6),
    jvmGcTime: plain('jvmGcTime'),
    schedulerDelay: plain('schedulerDelay'),
    executorDeserializeTime: plain('executorDeserializeTime'),
    inputBytes: summary.inputMetrics['bytesRead']!,
    inputRecords: summary.inputMetrics['recordsRead']!,
    outputBytes: summary.outputMetrics['bytesWritten']!,
    shuffleReadBytes: summary.shuffleReadMetrics['readBytes']!,
    shuffleReadRecords: summary.shuffleReadMetrics['readRecords']!,
    shuffleFetchWaitTime: summary.shuffleReadMetrics['fetchWaitTime']!,
    shuffleWriteBytes: summary.shuffleWriteMetrics['writeBytes']!,
    memoryBytesSpilled: plain('memoryBytesSpilled'),
    diskBytesSpilled: plain('diskBytesSpilled'),
    peakExecutionMemory: plain('peakExecutionMemory'),
  };
}

import { expect } from 'chai';
import { fewPartitions } from '../../../src/analysis/heuristics/few-partitions.ts';
import { gcPressure } from '../../../src/analysis/heuristics/gc-pressure.ts';
import { largePartitions } from '../../../src/analysis/heuristics/large-partitions.ts';
import { locality } from '../../../src/analysis/heuristics/locality.ts';
import { shuffleHeavy } from '../../../src/analysis/heuristics/shuffle-heavy.ts';
import { slowHost } from '../../../src/analysis/heuristics/slow-host.ts';
import { speculationWaste } from '../../../src/analysis/heuristics/speculation-waste.ts';
import { spill } from '../../../src/analysis/heuristics/spill.ts';
import { taskSkew } from '../../../src/analysis/heuristics/task-skew.ts';
import { tinyTasks } from '../../../src/analysis/heuristics/tiny-tasks.ts';
import { TASK_KILLED, TASK_SUCCEEDED } from '../../../src/documents/run-detail.ts';
import { all, changeStage, even, findingsOf, node, sample, withColumns, withSql } from '../sample-facts.ts';

const MIB = 1024 ** 2;

// Unless a test says otherwise, runs are on 2 executors of 2 cores, start their first job at 1 s and end 50 ms after the last.

describe('analysis/heuristics/task-skew', () => {
  const times = [...even(11, 1000), 9000];

  it('finds a task of 9 s among 11 of 1 s on 4 slots, which reads 9 times as much: data', () => {
    const bytes = times.map((ms) => (ms / 1000) * 10 * MIB);
    const [finding] = findingsOf(taskSkew, sample([times], { change: withColumns(0, { shuffleReadBytes: bytes }) }));

    expect(finding?.facts).to.deep.include({ cause: 'data', longestTaskMs: 9000, medianTaskMs: 1000, stages: [0] });
    // The stage takes 2 + 9 s; 20 s of even work on 4 slots take 5: 6 of 12.05 s.
    expect(finding?.savings.timeMs.high).to.be.closeTo(6000, 250);
    // 9 times the median is severe by itself, and so it stays, although half of the run could be won.
    expect(finding?.severity).to.equal('severe');
  });

  it('says that data does not explain a long task that reads as much as the others', () => {
    const [finding] = findingsOf(
      taskSkew,
      sample([times], { change: withColumns(0, { shuffleReadBytes: even(12, 10 * MIB) }) }),
    );

    expect(finding?.facts).to.include({ cause: 'other' });
    expect(finding?.fix.set).to.equal(undefined);
  });

  it('offers adaptive execution only where it was off', () => {
    const change = all(
      withColumns(0, { shuffleReadBytes: times.map((ms) => ms * MIB) }),
      changeStage(0, () => ({ properties: { 'spark.sql.adaptive.enabled': 'false' } })),
    );
    const on = withColumns(0, { shuffleReadBytes: times.map((ms) => ms * MIB) });

    expect(findingsOf(taskSkew, sample([times], { change }))[0]?.fix.set).to.have.property(
      'spark.sql.adaptive.enabled',
    );
    expect(findingsOf(taskSkew, sample([times], { change: on }))[0]?.fix.set).to.equal(undefined);
  });

  it('is silent about even tasks, and about first tasks that are long because their JVM is young', () => {
    expect(findingsOf(taskSkew, sample([even(12, 1000)]))).to.deep.equal([]);
    expect(findingsOf(taskSkew, sample([[...even(4, 3000), ...even(20, 300)]]))).to.deep.equal([]);
  });

  it('is silent about 40 ms beside 2 ms, however large the ratio', () => {
    expect(findingsOf(taskSkew, sample([[...even(500, 2), 40]]))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/task-skew, told by quantiles alone', () => {
  const told = (tasks: readonly number[]) => sample([tasks], { change: changeStage(0, () => ({ tasks: undefined })) });

  it('takes four long tasks on four slots for the first ones of young JVMs, and one for a straggler', () => {
    expect(findingsOf(taskSkew, told([...even(4, 9000), ...even(12, 1000)]))).to.deep.equal([]);
    expect(findingsOf(taskSkew, told([9000, ...even(15, 1000)]))[0]?.facts).to.include({ maxToMedianRatio: 9 });
  });
});

describe('analysis/heuristics/slow-host', () => {
  // Three executors of one core in turns, so that executor 2 runs each third task.
  const stages = Array.from({ length: 3 }, () => Array.from({ length: 60 }, (_, i) => (i % 3 === 2 ? 900 : 300)));
  const inTurns = (stageId: number) => withColumns(stageId, { executor: Array.from({ length: 60 }, (_, i) => i % 3) });
  const threeExecutors = { executors: 3, cores: 1, change: all(inTurns(0), inTurns(1), inTurns(2)) };

  it('finds the executor whose tasks take 3 times as long as those of the two others', () => {
    const [finding] = findingsOf(slowHost, sample(stages, threeExecutors));

    expect(finding?.subject).to.equal('executor 2');
    expect(finding?.facts).to.include({ host: 'host-2' });
    expect(finding?.facts['slownessRatio']).to.be.closeTo(3, 0.01);
  });

  it('finds it too where no executor gets a second task of a stage: 10 stages, each one task on each of 6 slots', () => {
    const oneWave = Array.from({ length: 10 }, () => [1000, 1000, 4000, 1000, 1000, 4000]);

    const [finding] = findingsOf(slowHost, sample(oneWave, { executors: 3, cores: 2 }));

    expect(finding?.subject).to.equal('executor 2');
    // Two tasks a stage, less the first two of its young JVM.
    expect(finding?.facts).to.include({ slownessRatio: 4, tasks: 18 });
  });

  it('is silent where only the first tasks of an executor are long', () => {
    const youngJvm = Array.from({ length: 10 }, (_, i) => (i === 0 ? [1000, 1000, 60_000] : [1000, 1000, 1000]));
    const twice = youngJvm.map((tasks) => [...tasks, ...tasks]);

    expect(findingsOf(slowHost, sample(twice, { executors: 3, cores: 2 }))).to.deep.equal([]);
  });

  it('is silent where the long tasks are spread over all executors', () => {
    const spread = stages.map((tasks) => tasks.toSorted((a, b) => a - b));

    expect(findingsOf(slowHost, sample(spread, threeExecutors))).to.deep.equal([]);
  });

  it('is silent where the executor read 3 times as much', () => {
    const bytes = (stages[0] ?? []).map((ms) => ms * MIB);
    const change = all(...[0, 1, 2].map((id) => all(inTurns(id), withColumns(id, { inputBytes: bytes }))));

    expect(findingsOf(slowHost, sample(stages, { executors: 3, cores: 1, change }))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/spill', () => {
  const spilling = (bytes: readonly number[]) =>
    withColumns(0, {
      memoryBytesSpilled: bytes,
      shuffleReadBytes: even(8, 40 * MIB),
      executorCpuTimeMs: even(8, 1000),
    });

  it('takes 3 s of which 1 s was computing as at most 2 s lost, on all 8 tasks of a stage on 4 slots', () => {
    const [finding] = findingsOf(spill, sample([even(8, 3000)], { change: spilling(even(8, 80 * MIB)) }));

    expect(finding?.facts).to.include({ kind: 'general', memoryBytesSpilled: 640 * MIB, spillingTasks: 8 });
    // 320 MiB were read, 640 spilled.
    expect(finding?.facts['spilledToProcessedRatio']).to.equal(2);
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 4000 });
  });

  it('tells that one spilling task of 8 is skew, which more partitions hardly cure', () => {
    const bytes = [...even(7, 0), 640 * MIB];
    const [finding] = findingsOf(spill, sample([[...even(7, 3000), 9000]], { change: spilling(bytes) }));

    expect(finding?.facts).to.include({ kind: 'skewed', spillingTasks: 1 });
    expect(finding?.fix.set).to.equal(undefined);
  });

  it('names the setting that sized the stage: initialPartitionNum where it is set, for then shuffle.partitions does nothing', () => {
    const stage = changeStage(0, (old) => ({
      sums: { ...old.sums, shuffleReadBytes: 320 * MIB },
      properties: {
        'spark.sql.execution.id': '0',
        'spark.sql.adaptive.coalescePartitions.initialPartitionNum': '8',
        'spark.sql.shuffle.partitions': '200',
      },
    }));
    const [finding] = findingsOf(spill, sample([even(8, 3000)], { change: all(spilling(even(8, 80 * MIB)), stage) }));

    expect(finding?.fix.set).to.deep.equal({ 'spark.sql.adaptive.coalescePartitions.initialPartitionNum': '16' });
  });

  it('is silent about a few megabytes, and about none', () => {
    expect(findingsOf(spill, sample([even(8, 3000)], { change: spilling(even(8, MIB)) }))).to.deep.equal([]);
    expect(findingsOf(spill, sample([even(8, 3000)]))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/gc-pressure', () => {
  it('finds tasks that spent a quarter of 32 s collecting garbage', () => {
    const [finding] = findingsOf(
      gcPressure,
      sample([even(8, 4000)], { change: withColumns(0, { jvmGcTime: even(8, 1000) }) }),
    );

    expect(finding?.facts).to.include({ gcShareOfRunTime: 0.25, gcMs: 8000 });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 2000, high: 2000 });
  });

  it('is silent about 5 %, about short stages, and does not measure local mode', () => {
    const gc = (ms: number) => withColumns(0, { jvmGcTime: even(8, ms) });

    expect(findingsOf(gcPressure, sample([even(8, 4000)], { change: gc(200) }))).to.deep.equal([]);
    expect(findingsOf(gcPressure, sample([even(8, 400)], { change: gc(200) }))).to.deep.equal([]);
    expect(
      findingsOf(gcPressure, sample([even(8, 4000)], { change: gc(1000), properties: { 'spark.master': 'local[4]' } })),
    ).to.deep.equal([]);
  });
});

describe('analysis/heuristics/tiny-tasks', () => {
  /** Tasks of 20 ms in their slot of which 5 ms were work. */
  const tiny = withColumns(0, { executorRunTime: even(2000, 5) });

  it('finds 2000 tasks of 5 ms that take 20 ms of a slot each', () => {
    const [finding] = findingsOf(tinyTasks, sample([even(2000, 20)], { change: tiny }));

    expect(finding?.facts).to.include({ tasks: 2000, medianTaskMs: 20, medianRunTimeMs: 5 });
    // 10 s of slot time on 4 slots, of which 2.5 s were work: no more than 7.5 s can be won.
    expect(finding?.savings.timeMs.high).to.be.within(6500, 7500);
  });

  it('finds tasks of 45 ms that a busy cluster holds for 206 ms each', () => {
    const held = withColumns(0, { executorRunTime: even(1000, 45) });
    const [finding] = findingsOf(tinyTasks, sample([even(1000, 206)], { change: held }));

    expect(finding?.facts).to.include({ medianTaskMs: 206, medianRunTimeMs: 45 });
  });

  it('names parallelismFirst where adaptive execution sized the stage', () => {
    const adaptive = changeStage(0, (old) => ({
      sums: { ...old.sums, shuffleReadBytes: 1 },
      properties: { 'spark.sql.execution.id': '0', 'spark.sql.shuffle.partitions': '5000' },
    }));
    const [finding] = findingsOf(tinyTasks, sample([even(2000, 20)], { change: all(tiny, adaptive) }));

    expect(finding?.fix.set).to.deep.equal({ 'spark.sql.adaptive.coalescePartitions.parallelismFirst': 'false' });
  });

  it('is silent about 2000 tasks of half a second, and about 40 short ones', () => {
    expect(findingsOf(tinyTasks, sample([even(2000, 500)]))).to.deep.equal([]);
    expect(findingsOf(tinyTasks, sample([even(40, 5)]))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/few-partitions', () => {
  it('finds one task of 20 s on 4 slots: at most 15 s could be won', () => {
    const [finding] = findingsOf(fewPartitions, sample([[20_000]]));

    expect(finding?.facts).to.include({ tasks: 1, slots: 4, sizedBy: 'code' });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 15_000 });
  });

  it('names the least size where adaptive execution merged with parallelismFirst, and the advisory size without it', () => {
    const merged = (first: string) =>
      changeStage(0, (old) => ({
        sums: { ...old.sums, shuffleReadBytes: MIB },
        properties: {
          'spark.sql.execution.id': '0',
          'spark.sql.adaptive.coalescePartitions.parallelismFirst': first,
        },
      }));
    const setBy = (first: string) =>
      findingsOf(fewPartitions, sample([[20_000]], { change: merged(first) }))[0]?.fix.set;

    expect(setBy('true')).to.deep.equal({ 'spark.sql.adaptive.coalescePartitions.minPartitionSize': '64k' });
    expect(setBy('false')).to.deep.equal({ 'spark.sql.adaptive.advisoryPartitionSizeInBytes': '4m' });
  });

  it('is silent about one task of 2 s, and about a task for each slot', () => {
    expect(findingsOf(fewPartitions, sample([[2000]]))).to.deep.equal([]);
    expect(findingsOf(fewPartitions, sample([even(4, 20_000)]))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/large-partitions', () => {
  const reading = (bytes: number, spilled = 0) =>
    withColumns(0, { shuffleReadBytes: even(8, bytes), memoryBytesSpilled: even(8, spilled) });

  it('is low for tasks of 6 GiB that hold them, and severe where they spilled', () => {
    const held = findingsOf(largePartitions, sample([even(8, 1000)], { change: reading(6 * 1024 * MIB) }));
    const spilled = findingsOf(largePartitions, sample([even(8, 1000)], { change: reading(6 * 1024 * MIB, MIB) }));

    expect(held.map(({ severity }) => severity)).to.deep.equal(['low']);
    expect(spilled.map(({ severity }) => severity)).to.deep.equal(['severe']);
  });

  it('is silent about tasks of 128 MiB', () => {
    expect(findingsOf(largePartitions, sample([even(8, 1000)], { change: reading(128 * MIB) }))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/locality', () => {
  /** 60 tasks of 100 ms, launched every 100 ms, on 4 slots: three of four stand empty. */
  const slowly = all(
    withColumns(0, { launch: Array.from({ length: 60 }, (_, i) => 1000 + 100 * i) }),
    changeStage(0, () => ({ completed: 7000, submitted: 1000 })),
    (detail) => ({ ...detail, applicationEnd: 7100, jobs: detail.jobs.map((job) => ({ ...job, ended: 7000 })) }),
  );
  const mixed = changeStage(0, () => ({ locality: { NODE_LOCAL: 40, ANY: 20 } }));

  it('finds a stage with three of four slots empty while tasks waited for a local place', () => {
    const [finding] = findingsOf(locality, sample([even(60, 100)], { change: all(slowly, mixed) }));

    expect(finding?.facts['emptySlotShare']).to.be.closeTo(0.75, 0.01);
    expect(finding?.fix.set).to.deep.equal({ 'spark.locality.wait': '0s' });
  });

  it('is silent where all tasks were local, and where slots were busy', () => {
    expect(findingsOf(locality, sample([even(60, 100)], { change: slowly }))).to.deep.equal([]);
    expect(findingsOf(locality, sample([even(60, 100)], { change: mixed }))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/speculation-waste', () => {
  const copied = (copies: number) =>
    all(
      withColumns(0, {
        index: Array.from({ length: 20 + copies }, (_, i) => i % 20),
        speculative: Array.from({ length: 20 + copies }, (_, i) => (i < 20 ? 0 : 1)),
        status: Array.from({ length: 20 + copies }, (_, i) => (i < 20 ? TASK_SUCCEEDED : TASK_KILLED)),
      }),
      changeStage(0, () => ({ speculativeTasks: copies, killedTasks: copies })),
    );

  it('finds 10 of 30 attempts of 4 s that were copies and all killed: a third of the slot time', () => {
    const [finding] = findingsOf(speculationWaste, sample([even(30, 4000)], { change: copied(10) }));

    expect(finding?.facts).to.include({ killedAttempts: 10, copies: 10, copiesThatWon: 0, wastedMs: 40_000 });
    expect(finding?.facts['wastedShare']).to.be.closeTo(1 / 3, 0.001);
  });

  it('is silent about two copies', () => {
    expect(findingsOf(speculationWaste, sample([even(22, 4000)], { change: copied(2) }))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/shuffle-heavy', () => {
  const waiting = (share: number) =>
    changeStage(0, (stage) => ({
      sums: {
        ...stage.sums,
        shuffleReadBytes: 512 * MIB,
        shuffleFetchWaitTime: share * (stage.sums['executorRunTime'] ?? 0),
      },
    }));

  it('finds tasks that waited for blocks half of their time: at most half of the stage', () => {
    const [finding] = findingsOf(shuffleHeavy, sample([even(8, 4000)], { change: waiting(0.5) }));

    expect(finding?.facts).to.include({ fetchWaitShare: 0.5 });
    expect(finding?.savings.timeMs).to.deep.equal({ low: 0, high: 4000 });
  });

  it('is silent about a tenth', () => {
    expect(findingsOf(shuffleHeavy, sample([even(8, 4000)], { change: waiting(0.1) }))).to.deep.equal([]);
  });
});

describe('analysis/computed/stage-sizing', () => {
  it('tells an own repartition(8) by the plan, and does not name a property for it', () => {
    const exchange = node(
      'Exchange',
      {},
      [node('Range')],
      'Exchange RoundRobinPartitioning(8), REPARTITION_BY_NUM, [plan_id=3]',
    );
    const change = all(
      withSql(exchange),
      withColumns(0, {
        memoryBytesSpilled: even(8, 80 * MIB),
        shuffleReadBytes: even(8, 40 * MIB),
        executorCpuTimeMs: even(8, 1000),
      }),
    );
    const [finding] = findingsOf(spill, sample([even(8, 3000)], { change }));

    expect(finding?.facts).to.include({ sizedBy: 'repartition' });
    expect(finding?.fix.set).to.equal(undefined);
  });
});

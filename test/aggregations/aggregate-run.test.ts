import { expect } from 'chai';
import fc from 'fast-check';
import { aggregateRun } from '../../src/aggregations/aggregate-run.ts';
import { buildRawDocument, type RawDocumentInput } from '../../src/documents/build-raw-document.ts';
import type { AggregateDocument, Aggregates } from '../../src/documents/documents.ts';
import { omit } from '../../src/documents/own-properties.ts';
import type { RunParts } from '../../src/documents/run-parts.ts';
import type { ExecutorSummary, StageData } from '../../src/spark/rest.ts';
import { parseJson, stringifyJson } from '../../src/util/lossless-json.ts';
import { at, attemptOf, executorOf, inputOf, stageOf, WITHOUT_END } from '../documents/sample-run.ts';

const HOUR_MS = 3_600_000;
const MIB = 2 ** 20;
const { parts } = inputOf();

function aggregateOf(changes: Partial<RawDocumentInput> = {}): AggregateDocument {
  return aggregateRun(buildRawDocument(inputOf(changes)));
}

function aggsOf(changes: Partial<RunParts>, attempt = attemptOf()): Aggregates {
  return aggregateOf({ attempt, parts: { ...parts, ...changes } }).attempt.aggs;
}

describe('aggregations/executors', () => {
  it('costs an executor of 2 cores and 1 GiB from 1 s to 5 s: 4000 ms, 8000 core-ms, 4000 GiB-ms', () => {
    const { executors } = aggsOf({ allexecutors: [executorOf('1', { removeTime: at(5000) })] }).allexecutors;

    expect(executors['x_startTime']).to.deep.include({ min: '2026-01-02T03:04:06.006000+00:00' });
    expect(executors['x_stopTime']).to.deep.include({ max: '2026-01-02T03:04:10.006000+00:00' });
    expect(executors['x_durationMilliseconds']).to.include({ sum: 4000 });
    expect(executors['x_durationHours']).to.include({ sum: 4000 / HOUR_MS });
    expect(executors['x_coreCost']).to.include({ sum: 8000 });
    expect(executors['x_coreCost_hours']).to.include({ sum: 8000 / HOUR_MS });
    expect(executors['x_storageCost']).to.include({ sum: 4000 });
    expect(executors['x_storageCost_GbHours']).to.include({ sum: 4000 / HOUR_MS });
  });

  it('lets an executor live from the start of the attempt and to its end where it has no times of its own', () => {
    const unadded = omit(executorOf('1'), new Set(['addTime'])) as unknown as ExecutorSummary;

    const { executors } = aggsOf({ allexecutors: [unadded] }).allexecutors;

    expect(executors['x_durationMilliseconds']).to.include({ sum: 10_000 });
  });

  it('has no cost for an executor without removeTime in an attempt without end, instead of minus 56 years', () => {
    const aggs = aggsOf(
      { allexecutors: [executorOf('1'), executorOf('2', { removeTime: at(5000) })] },
      attemptOf(WITHOUT_END),
    );

    expect(aggs.allexecutors.executors['x_coreCost']).to.include({ sum: 8000, count_not_null: 1 });
    expect(aggs.allexecutors.executors.elements_count).to.equal(2);
  });

  it('keeps the driver apart, whole and with its own cost', () => {
    const { driver, executors } = aggsOf({
      allexecutors: [executorOf('driver', { totalCores: 4, isActive: true }), executorOf('1')],
    }).allexecutors;

    expect(driver).to.include({ id: 'driver', isActive: true, x_durationMilliseconds: 9000, x_coreCost: 36_000 });
    expect(executors.elements_count).to.equal(1);
    expect(executors['x_coreCost']).to.include({ sum: 18_000 });
  });

  it('decides the kind of a column without the driver: what only the driver has is no column, what only it lacks is one', () => {
    const { executors } = aggsOf({
      allexecutors: [executorOf('driver', { onlyDriver: 1 }), executorOf('1', { isExcluded: true })],
    }).allexecutors;

    expect(executors).to.not.have.property('onlyDriver');
    expect(executors['isExcluded']).to.deep.equal({ any: true, all: true, sum: 1 });
  });

  for (const [what, allexecutors] of [
    ['no executor at all', []],
    ['the driver alone', [executorOf('driver')]],
  ] as const) {
    it(`is { elements_count: 0 } with ${what}, and the summary is empty`, () => {
      const aggs = aggsOf({ allexecutors });

      expect(aggs.allexecutors.executors).to.deep.equal({ elements_count: 0 });
      expect(aggs.summary).to.deep.equal({});
    });
  }

  it('has an empty object for a driver that Spark does not list', () => {
    expect(aggsOf({ allexecutors: [executorOf('1')] }).allexecutors.driver).to.deep.equal({});
  });
});

describe('aggregations/stages', () => {
  it('times a stage submitted at 2.0 s, with its first task at 2.1 s and its end at 4.1 s', () => {
    const { stages } = aggsOf({ stages: [stageOf(0)] });

    expect(stages['x_scheduling_overhead']).to.include({ sum: 100 });
    expect(stages['x_duration']).to.include({ sum: 2000 });
    expect(stages['throughput_bytes']).to.include({ sum: 2 });
    expect(stages['throughput_records']).to.include({ sum: 0.02 });
    expect(stages['x_executorCpuTime_ms']).to.include({ sum: 6000 });
    expect(stages['x_average_task_input_bytes']).to.include({ sum: 1000 });
    expect(stages['x_average_task_output_bytes']).to.include({ sum: 0 });
  });

  for (const [what, stage, overheads] of [
    ['that was skipped', skippedStage(), [100, 0]],
    ['whose first task starts in the millisecond of its end', stageOf(1, { completionTime: at(2100) }), [100, 100]],
    ['that ends before its first task', stageOf(1, { completionTime: at(2000) }), [100, 0]],
  ] as const) {
    it(`counts a stage ${what}, but neither its duration nor its throughput`, () => {
      const { stages } = aggsOf({ stages: [stageOf(0), stage] });

      expect(stages.elements_count).to.equal(2);
      expect(stages['numTasks']).to.include({ count_not_null: 2 });
      for (const column of ['x_duration', 'throughput_bytes', 'throughput_records']) {
        expect(stages[column], column).to.include({ count_not_null: 1, count_zeroes: 0 });
      }
      expect(stages['x_scheduling_overhead']).to.include({ count_not_null: 2, sum: overheads[0] + overheads[1] });
    });
  }

  it('counts killed tasks by their reason, one column for each, whatever text the reason is', () => {
    const reason = 'Stage cancelled: Job aborted.\n\tat App.main(App.scala:7)';
    const killedTasksSummary = { 'another attempt succeeded': 2, [reason]: 1 };

    const { stages } = aggsOf({ stages: [stageOf(0, { numKilledTasks: 3, killedTasksSummary })] });

    expect(stages['killedTasksSummary.another attempt succeeded']).to.include({ sum: 2, count_not_null: 1 });
    expect(stages[`killedTasksSummary.${reason}`]).to.include({ sum: 1 });
  });

  it('has no average per task for a stage without a completed task', () => {
    expect(aggsOf({ stages: [stageOf(0, { numCompleteTasks: 0 })] }).stages).to.not.have.property(
      'x_average_task_input_bytes',
    );
  });

  it('is { elements_count: 0 } without stages, and the summary is empty', () => {
    const aggs = aggsOf({ stages: [] });

    expect(aggs.stages).to.deep.equal({ elements_count: 0 });
    expect(aggs.summary).to.deep.equal({});
  });
});

describe('aggregations/summary', () => {
  /**
   * 10 s in which stages run from 1 s to 4 s, from 3 s to 5 s and from 7 s to 8 s, on two executors of 2 cores and 1 GiB.
   * Both were added at 1 s, so each lives 9 s. Every expected number is worked out by hand from the formulas in docs/documents.md.
   */
  const busy = {
    allexecutors: [
      executorOf('1', { totalDuration: 8000, totalInputBytes: 100 * MIB }),
      executorOf('2', { totalDuration: 6000, totalInputBytes: 100 * MIB }),
    ],
    stages: [
      stageOf(0, { firstTaskLaunchedTime: at(1000), completionTime: at(4000), inputBytes: 200 * MIB, outputBytes: 0 }),
      stageOf(1, { firstTaskLaunchedTime: at(3000), completionTime: at(5000), inputBytes: 0, outputBytes: 56 * MIB }),
      stageOf(2, { firstTaskLaunchedTime: at(7000), completionTime: at(8000), inputBytes: 0, outputBytes: 0 }),
    ],
  };

  it('equals a calculation by hand', () => {
    expect(aggsOf(busy).summary).to.deep.equal({
      parallel_work: 14_000,
      stages_sum: 6000,
      stages_interval: 7000,
      parallel_part: 5000,
      stages_in_parallel: true,
      seq_part: 5000,
      est_seq_time: 19_000,
      core_cost: 36_000,
      stages_max_input_blocks: 2,
      executors_total_input_blocks: 2,
      unused_storage_memory: (2048 - 200) * MIB,
      estimated_speedup: 1.9,
      parallel_fraction: 0.5,
      seq_fraction: 0.5,
      average_throughput: 2 / 10_000,
      estimated_core_efficiency: 14 / 36,
      unused_core_cost: 22_000,
      x_unused_core_cost_hours: 22_000 / HOUR_MS,
      est_peak_memory_usage: 256 * MIB,
      storage_memory_usage: 0.125,
      x_unused_storage_memory_bytes: (2048 - 256) * MIB,
    });
  });

  it('does not see stages in parallel that only touch', () => {
    const stages = [
      stageOf(0, { completionTime: at(3000) }),
      stageOf(1, { firstTaskLaunchedTime: at(3000), completionTime: at(4000) }),
    ];

    expect(aggsOf({ stages }).summary.stages_in_parallel).to.equal(false);
  });

  it('of an attempt without end leaves out what needs its duration or the full core cost', () => {
    expect(aggsOf(busy, attemptOf(WITHOUT_END)).summary).to.have.all.keys(
      'parallel_work',
      'stages_sum',
      'stages_interval',
      'parallel_part',
      'stages_in_parallel',
      'stages_max_input_blocks',
      'executors_total_input_blocks',
      'unused_storage_memory',
      'est_peak_memory_usage',
      'storage_memory_usage',
      'x_unused_storage_memory_bytes',
    );
  });

  it('of an attempt of 0 ms leaves out what would divide by it', () => {
    const { summary } = aggsOf(busy, attemptOf({ endTime: at(0), duration: 0 }));

    expect(summary.seq_part).to.equal(-5000);
    expect(summary).to.not.have.any.keys(
      'estimated_speedup',
      'parallel_fraction',
      'seq_fraction',
      'average_throughput',
    );
  });

  it('of executors without memory or cores leaves out what would divide by it', () => {
    const { summary } = aggsOf({ ...busy, allexecutors: [executorOf('1', { totalCores: 0, maxMemory: 0 })] });

    expect(summary.core_cost).to.equal(0);
    expect(summary).to.not.have.any.keys(
      'estimated_core_efficiency',
      'unused_core_cost',
      'x_unused_core_cost_hours',
      'est_peak_memory_usage',
      'storage_memory_usage',
    );
  });

  it('keeps a negative sequential part and says so with a flag', () => {
    const attempt = attemptOf({ endTime: at(9000), duration: 4000 });

    const aggregate = aggregateOf({ attempt, parts: { ...parts, ...busy } });

    expect(aggregate.attempt.aggs.summary.seq_part).to.equal(-1000);
    expect(aggregate.spot.flags).to.deep.equal(['negative_seq_part']);
  });

  it('is empty when no stage has both a first task and an end', () => {
    const active = omit(stageOf(0, { status: 'ACTIVE' }), new Set(['completionTime'])) as unknown as StageData;

    expect(aggsOf({ stages: [active] }).summary).to.deep.equal({});
  });
});

describe('aggregations/aggregate-run', () => {
  it('has the fields of the application and of the attempt, without rows and without long lists of properties', () => {
    const environment = {
      runtime: { javaVersion: '17' },
      sparkProperties: [['spark.master', 'yarn']],
      hadoopProperties: [['a', 'b']],
      metricsProperties: [['c', 'd']],
      systemProperties: [['e', 'f']],
      resourceProfiles: [{ id: 0 }],
    } as const;
    const raw = buildRawDocument(inputOf({ parts: { ...parts, environment, jobs: [], sql: [] } }));

    const aggregate = aggregateRun(raw);

    expect(aggregate).to.have.all.keys(
      'id',
      'name',
      'history_host',
      'spot',
      'app_specific_data',
      'isFinalAttempt',
      'attempt',
    );
    expect(aggregate.attempt).to.include({
      startTime: raw.attempts[0].startTime,
      duration: 10_000,
      sparkUser: 'ada',
      completed: true,
    });
    expect(aggregate.attempt).to.not.have.any.keys('allexecutors', 'stages', 'jobs', 'sql');
    expect(aggregate.attempt.environment).to.deep.equal({
      runtime: { javaVersion: '17' },
      sparkProperties: { spark_master: 'yarn' },
      resourceProfiles: [{ id: 0 }],
    });
  });

  it('never takes in system properties that stand in a raw document', () => {
    const raw = buildRawDocument(inputOf());
    const [attempt] = raw.attempts;
    const withSystem = {
      ...raw,
      attempts: [{ ...attempt, environment: { ...attempt.environment, systemProperties: [['a', 'b']] } }],
    } as const;

    expect(aggregateRun(withSystem).attempt.environment).to.not.have.property('systemProperties');
  });

  it('is the same from a raw document that was stored and read back, with numbers beyond 2^53', () => {
    const raw = buildRawDocument(
      inputOf({ parts: { ...parts, stages: [stageOf(0, { executorCpuTime: 2n ** 60n, inputBytes: 2n ** 54n })] } }),
    );

    const again = aggregateRun(parseJson(stringifyJson(raw)) as typeof raw);

    expect(again).to.deep.equal(aggregateRun(raw));
    expect(again.attempt.aggs.stages['inputBytes']).to.include({ max: 2n ** 54n, p95: 2n ** 54n });
    expect(again.attempt.aggs.summary.stages_max_input_blocks).to.equal(2 ** 54 / (128 * MIB));
  });

  it('does not depend on the order in which Spark lists executors and stages', () => {
    const ms = fc.nat(8000);
    const stage = fc
      .record({ first: ms, lasting: ms, input: fc.maxSafeInteger().map(Math.abs), ran: fc.boolean() })
      .map(({ first, lasting, input, ran }) =>
        ran
          ? stageOf(0, { firstTaskLaunchedTime: at(first), completionTime: at(first + lasting), inputBytes: input })
          : skippedStage(),
      );
    const executor = fc
      .record({ added: ms, work: fc.nat() })
      .map(({ added, work }) => executorOf('1', { addTime: at(added), totalDuration: work }));
    const bothOrders = fc
      .tuple(fc.array(stage, { maxLength: 8 }), fc.array(executor, { maxLength: 8 }))
      .chain(([stages, allexecutors]) =>
        fc.tuple(
          fc.constant({ stages, allexecutors }),
          fc.record({
            stages: fc.shuffledSubarray(stages, { minLength: stages.length }),
            allexecutors: fc.shuffledSubarray(allexecutors, { minLength: allexecutors.length }),
          }),
        ),
      );
    fc.assert(
      fc.property(bothOrders, ([inOrder, shuffled]) => {
        expect(rounded(aggsOf(shuffled))).to.deep.equal(rounded(aggsOf(inOrder)));
      }),
    );
  });
});

function skippedStage(): StageData {
  const stage = stageOf(1, { status: 'SKIPPED', numCompleteTasks: 0 });
  return omit(stage, new Set(['submissionTime', 'firstTaskLaunchedTime', 'completionTime'])) as unknown as StageData;
}

/** Sums of fractions differ in their last digits with the order of the summands. */
function rounded(value: unknown): unknown {
  return JSON.parse(stringifyJson(value), (_key, inner: unknown) =>
    typeof inner === 'number' ? Number(inner.toPrecision(12)) : inner,
  );
}

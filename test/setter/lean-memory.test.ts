import { expect } from 'chai';
import fc from 'fast-check';
import type { HistoryRun } from '../../src/setter/history-run.ts';
import { logNormal } from '../../src/setter/estimate.ts';
import { withLeanMemory } from '../../src/setter/lean-memory.ts';
import type { Question } from '../../src/setter/question.ts';
import type { Step } from '../../src/setter/step.ts';
import { suggestionOf } from '../../src/setter/suggestion.ts';
import { PLATFORM_NAMES, type PlatformName } from '../../src/spark/platform.ts';
import { CONFIGURATION, GIB, sampleRun } from './sample-history.ts';

const MIB = 2 ** 20;
const PRICES = { vcpu_hour: 0.05, gib_hour: 0.005, currency: 'USD' };
const question = (platform: PlatformName = 'yarn'): Question => ({
  inputBytes: 10 * GIB,
  priority: 'cost',
  confidence: 0.9,
  limits: { platform, maxExecutors: 1000 },
});
/** 4 executors of 4 cores and 8192 MiB for 10 GiB, of which 2000 MiB were in use and 2 % of the time was spent collecting. */
const measuredRun = (id: number, change: Partial<HistoryRun> = {}): HistoryRun =>
  sampleRun(id, {
    peakMemoryBytes: 2000 * MIB,
    evidence: { spill: 'none', memoryFailures: 0, gcRatio: 0.02 },
    ...change,
  });
const measured = (changeOfLast: Partial<HistoryRun> = {}): HistoryRun[] => [
  measuredRun(1),
  measuredRun(2),
  measuredRun(3, changeOfLast),
];
const STEP: Step = {
  name: 'simulation',
  candidates: [{ configuration: CONFIGURATION, estimate: logNormal(600_000, 0.1) }],
  usual: { configuration: CONFIGURATION, estimate: logNormal(600_000, 0.1) },
  reasons: { executor_memory_mb: 'as in that run' },
  caveats: [],
  basedOn: [],
  sparkVersion: '3.5.7',
};

function suggested(runs: readonly HistoryRun[], platform: PlatformName = 'yarn', step: Step = STEP) {
  return suggestionOf(withLeanMemory(step, runs, question(platform)), question(platform), PRICES);
}

describe('setter/lean-memory', () => {
  it('gives 2816 MiB in place of 8192 where three runs had at most 2000 in use: 1.2 × 2000 + 300, in steps of 256', () => {
    const { executor_memory_mb, reasons, predicted_duration_ms } = suggested(measured());

    expect(executor_memory_mb).to.equal(2816);
    expect(predicted_duration_ms).to.equal(600_000);
    expect(reasons['executor_memory_mb']).to.include('3 runs').and.to.include('2000 MiB').and.to.include('spilled');
  });

  it('keeps the 819 MiB that YARN adds to 8192, where by its own rule it would add 384 to 2816, and so pays for 4 GiB and not 10', () => {
    const { properties, executor_memory_overhead_mb, reasons, gain } = suggested(measured());

    expect(properties).to.include({ 'spark.executor.memory': '2816m', 'spark.executor.memoryOverhead': '819m' });
    expect(executor_memory_overhead_mb).to.equal(819);
    expect(reasons['executor_memory_overhead_mb']).to.include('as these runs had it');
    // 2816 + 819 is granted as 4096, 8192 + 819 as 9216; the driver is 1 core and 2048 + 384 as 3072.
    const perHour = (executorGib: number) => 0.05 * (4 * 4 + 1) + 0.005 * (4 * executorGib + 3);
    expect(gain?.cost).to.be.closeTo(1 - perHour(4) / perHour(9), 1e-12);
    expect(gain?.duration).to.equal(0);
  });

  it('takes the highest of the peaks: 3000 MiB of one run make 4096', () => {
    // 1.2 × 3000 + 300 = 3900; 8192 is more than 1.5 × 3300 = 4950.
    expect(suggested(measured({ peakMemoryBytes: 3000 * MIB })).executor_memory_mb).to.equal(4096);
  });

  it('never goes below 1024 MiB', () => {
    const runs = measured().map((run) => ({ ...run, peakMemoryBytes: 100 * MIB }));

    expect(suggested(runs).executor_memory_mb).to.equal(1024);
  });

  const KEPT: readonly (readonly [string, readonly HistoryRun[]])[] = [
    ['two runs measured their peaks', measured({ peakMemoryBytes: undefined })],
    ['one of them spilled', measured({ spilledBytes: 1 })],
    [
      'one of them lost a container to its memory',
      measured({ evidence: { spill: 'none', memoryFailures: 1, gcRatio: 0.02 } }),
    ],
    [
      'one of them spent 5 % of its time collecting garbage',
      measured({ evidence: { spill: 'none', memoryFailures: 0, gcRatio: 0.05 } }),
    ],
    ['of one nobody knows how long it collected garbage', measured({ evidence: { spill: 'none', memoryFailures: 0 } })],
    ['one ended within a minute, before its executors told', measured({ durationMs: 59_999 })],
    ['one of them read a fifth less', measured({ inputBytes: 8 * GIB })],
    // 1.5 × (5162 + 300) = 8193.
    ['8192 MiB are less than 1.5 × what was used', measured({ peakMemoryBytes: 5162 * MIB })],
    ['only some of them set an overhead', measured({ parameters: { spark_executor_memoryOverhead: '2g' } })],
    [
      'a fourth, that measured nothing, spilled',
      [...measured(), sampleRun(4, { spilledBytes: GIB, evidence: { spill: 'unknown', memoryFailures: 0 } })],
    ],
  ];
  for (const [why, runs] of KEPT)
    it(`keeps 8192 MiB where ${why}`, () => {
      const { executor_memory_mb, reasons, properties } = suggested(runs);

      expect(executor_memory_mb).to.equal(8192);
      expect(reasons['executor_memory_mb']).to.equal('as in that run');
      expect(properties).not.to.have.any.keys('spark.executor.memoryOverhead');
    });

  it('counts only runs that asked at least as much of each executor: not of more executors, more partitions or other cores', () => {
    const others = [{ executors: 5 }, { shufflePartitions: 201 }, { coresPerExecutor: 2 }].map((change) =>
      measured().map((run) => ({ ...run, configuration: { ...CONFIGURATION, ...change } })),
    );

    for (const runs of others) expect(suggested(runs).executor_memory_mb).to.equal(8192);
    const fewer = measured().map((run) => ({ ...run, configuration: { ...CONFIGURATION, executors: 3 } }));
    expect(suggested(fewer).executor_memory_mb).to.equal(2816);
  });

  it('does not go below the memory per core with which a smaller run spilled on as many partitions', () => {
    const spilled = sampleRun(
      9,
      { spilledBytes: GIB, inputBytes: 5 * GIB },
      { coresPerExecutor: 2, memoryMib: 2048, executors: 8 },
    );

    // 2816 MiB for 4 cores are 704 for each; with 1024 for each it spilled.
    expect(suggested([...measured(), spilled]).executor_memory_mb).to.equal(8192);
  });

  it('leaves the overhead alone that the application sets itself, and follows its own factor', () => {
    const set = measured().map((run) => ({ ...run, parameters: { spark_executor_memoryOverhead: '2g' } }));
    expect(suggested(set).properties).to.include({ 'spark.executor.memory': '2816m' });
    expect(suggested(set).properties).not.to.have.any.keys('spark.executor.memoryOverhead');

    // 0.4 × 8192 = 3276.8
    const factor = measured().map((run) => ({ ...run, overheadFactor: 0.4 }));
    expect(suggested(factor).properties).to.include({ 'spark.executor.memoryOverhead': '3276m' });
  });

  const BY_PLATFORM: readonly (readonly [PlatformName, number, string | undefined])[] = [
    // 18.75 % of 8192.
    ['emr', 2816, '1536m'],
    ['dataproc', 2816, '819m'],
    ['standalone', 2816, undefined],
    // What is added depends on the language there, and the heap is the machine's here.
    ['kubernetes', 8192, undefined],
    ['databricks', 8192, undefined],
  ];
  for (const [platform, memory, overhead] of BY_PLATFORM)
    it(`on ${platform}: ${memory} MiB${overhead === undefined ? '' : ` and an overhead of ${overhead}`}`, () => {
      const { executor_memory_mb, properties } = suggested(measured(), platform);

      expect(executor_memory_mb).to.equal(memory);
      expect(properties['spark.executor.memoryOverhead']).to.equal(overhead);
    });

  it('whatever the runs: never less than 1.2 × the highest peak and 300 MiB, never more than before, never beside a run that spilled', () => {
    const run = fc.record({
      peak: fc.option(fc.integer({ min: 1, max: 16_000 }), { nil: undefined }),
      spilledBytes: fc.constantFrom(0, 0, 0, GIB),
      gcRatio: fc.constantFrom(0.01, 0.02, 0.06),
      memoryMib: fc.constantFrom(2048, 4096, 8192, 16_384),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 6 }), fc.constantFrom(...PLATFORM_NAMES), (drawn, platform) => {
        const runs = drawn.map(({ peak, spilledBytes, gcRatio, memoryMib }, i) =>
          sampleRun(
            i,
            {
              peakMemoryBytes: peak === undefined ? undefined : peak * MIB,
              spilledBytes,
              evidence: { spill: spilledBytes > 0 ? 'general' : 'none', memoryFailures: 0, gcRatio },
            },
            { memoryMib },
          ),
        );
        const memory = suggested(runs, platform).executor_memory_mb ?? NaN;

        expect(memory).to.be.at.most(8192);
        if (memory === 8192) return;
        expect(drawn.filter(({ peak }) => peak !== undefined)).to.have.length.at.least(3);
        for (const { peak = 0, spilledBytes, gcRatio } of drawn) {
          expect(memory).to.be.at.least(1.2 * peak + 300);
          expect(spilledBytes).to.equal(0);
          expect(gcRatio).to.be.below(0.05);
        }
      }),
      { numRuns: 500 },
    );
  });
});

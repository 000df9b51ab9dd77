import { expect } from 'chai';
import { aggregateRun } from '../../src/aggregations/aggregate-run.ts';
import { differences, PARITY_CASES, parityFile, parityRaw, type ParityCase } from '../documents/spot-parity-cases.ts';

/**
 * Expected values: what AbsaOSS Spot itself stored for the same answers (test/fixtures/spot-parity).
 * All that may differ is listed: a difference outside the list fails, and so does a listed one that does not occur.
 */
const IN_EVERY_RUN = [
  'spot/time_processed',
  // Spot's marks that the original had not.
  'spot/cluster',
  'spot/fingerprint',
  'spot/revision',
  'spot/schema_version',
  'spot/status',
  'spot/flags',
  // Never in the aggregate document.
  'attempt/environment/hadoopProperties',
  'attempt/environment/metricsProperties',
];

/** Percentiles are added; written out again here so that a change of the list is a change of this test. */
const STAGE_PERCENTILES = [
  'numTasks',
  'executorRunTime',
  'executorCpuTime',
  'jvmGcTime',
  'memoryBytesSpilled',
  'diskBytesSpilled',
  'peakExecutionMemory',
  'inputBytes',
  'outputBytes',
  'shuffleReadBytes',
  'shuffleWriteBytes',
  'shuffleFetchWaitTime',
  'x_scheduling_overhead',
  'x_duration',
  'x_executorCpuTime_ms',
  'throughput_bytes',
  'x_average_task_input_bytes',
].flatMap((column) => [`attempt/aggs/stages/${column}/p50`, `attempt/aggs/stages/${column}/p95`]);
const EXECUTOR_PERCENTILES = [
  'totalTasks',
  'failedTasks',
  'totalDuration',
  'totalGCTime',
  'totalInputBytes',
  'totalShuffleRead',
  'totalShuffleWrite',
  'x_durationMilliseconds',
  'x_coreCost',
  'peakMemoryMetrics.JVMHeapMemory',
  'peakMemoryMetrics.ProcessTreeJVMRSSMemory',
].flatMap((column) => [
  `attempt/aggs/allexecutors/executors/${column}/p50`,
  `attempt/aggs/allexecutors/executors/${column}/p95`,
]);

/** The skipped stage of this run counts neither 0 ms nor a throughput of -1. */
const SKIPPED_STAGE = [
  'x_duration/min',
  'x_duration/mean',
  'x_duration/count_zeroes',
  'x_duration/count_not_null',
  'throughput_bytes/min',
  'throughput_bytes/sum',
  'throughput_bytes/mean',
  'throughput_bytes/count_not_null',
  'throughput_records/min',
  'throughput_records/sum',
  'throughput_records/mean',
  'throughput_records/count_not_null',
].map((field) => `attempt/aggs/stages/${field}`);

const WANTED_DIFFERENCES: Readonly<Record<ParityCase, readonly string[]>> = {
  'smoke-wordcount': [...IN_EVERY_RUN, ...STAGE_PERCENTILES, ...EXECUTOR_PERCENTILES, ...SKIPPED_STAGE],
  'failed-app': [...IN_EVERY_RUN, ...STAGE_PERCENTILES, ...EXECUTOR_PERCENTILES],
  'no-jobs-local': IN_EVERY_RUN,
};

describe('aggregations/aggregate-run: parity with AbsaOSS Spot', () => {
  for (const name of PARITY_CASES) {
    const wanted = WANTED_DIFFERENCES[name];

    it(`makes of ${name} the aggregate document that the original stored, but for the ${wanted.length} listed fields`, () => {
      const ours = aggregateRun(parityRaw(name));

      const found = differences(ours, parityFile(name, 'agg'));

      expect(found).to.have.members(wanted);
    });
  }
});

import { expect } from 'chai';
import { castProperty, documentNameOf } from '../../src/spark/property-casts.ts';

/** One property of each row of the table that AbsaOSS Spot used, values by hand. */
const CASTS: readonly (readonly [property: string, text: string, value: number | boolean | string | bigint])[] = [
  ['spark.executor.cores', '4', 4],
  ['spark.executor.instances', ' 10 ', 10],
  ['spark.dynamicAllocation.maxExecutors', '2147483647', 2147483647],
  ['spark.port.maxRetries', '9007199254740993', 9007199254740993n],
  ['spark.memory.fraction', '0.6', 0.6],
  ['spark.memory.fraction', '1', 1],
  ['spark.dynamicAllocation.executorAllocationRatio', '5e-1', 0.5],
  ['spark.speculation', 'TRUE', true],
  ['spark.rdd.compress', '0', false],
  ['spark.hadoop.yarn.timeline-service.enabled', 'no', false],
  ['spark.executor.memory', '12.5g', 13421772800],
  ['spark.driver.memory', '2048', 2048],
  ['spark.sql.autoBroadcastJoinThreshold', '-1', -1],
  ['spark.executor.memoryOverhead', '384', 402653184],
  ['spark.executor.memoryOverhead', '-1', -1048576],
  ['spark.kryoserializer.buffer.max', '64m', 67108864],
  ['spark.kryoserializer.buffer', '64', 65536],
  ['spark.eventLog.buffer.kb', '100', 102400],
  ['spark.sql.broadcastTimeout', '300', 300_000],
  ['spark.network.timeout', '2min', 120_000],
  // Spark counts these two in milliseconds; the original took bare numbers for seconds.
  ['spark.executor.heartbeatInterval', '10000', 10_000],
  ['spark.executor.heartbeatInterval', '10s', 10_000],
  ['spark.yarn.scheduler.heartbeat.interval-ms', '3000', 3000],
  // All others stay what they are.
  ['spark.task.maxFailures', '4', '4'],
  ['spark.app.name', 'true', 'true'],
  ['', '1', '1'],
];
const JUNK: readonly (readonly [property: string, text: string])[] = [
  ['spark.executor.cores', '4.0'],
  ['spark.executor.cores', ''],
  ['spark.executor.instances', '9'.repeat(40)],
  ['spark.memory.fraction', 'NaN'],
  ['spark.memory.fraction', '1e999'],
  ['spark.memory.fraction', `${'1'.repeat(100_000)}x`],
  ['spark.speculation', 'maybe'],
  ['spark.executor.memory', 'lots'],
  ['spark.executor.memoryOverhead', '1e9'],
  ['spark.network.timeout', 'for ever'],
];

describe('spark/property-casts', () => {
  for (const [property, text, value] of CASTS) {
    it(`reads ${property} = ${JSON.stringify(text)} as ${typeof value} ${value}`, () => {
      expect(castProperty(documentNameOf(property), text)).to.equal(value);
    });
  }

  for (const [property, text] of JUNK) {
    it(`keeps the text of ${property} = ${JSON.stringify(text.slice(0, 40))}`, () => {
      expect(castProperty(documentNameOf(property), text)).to.equal(text);
    });
  }

  it('writes every dot of a name as _', () => {
    expect(documentNameOf('spark.yarn.scheduler.heartbeat.interval-ms')).to.equal(
      'spark_yarn_scheduler_heartbeat_interval-ms',
    );
  });
});

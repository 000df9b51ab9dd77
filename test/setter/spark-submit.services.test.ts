import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LEAN_JVM } from '../../scripts/services/history-server.ts';
import { installSpark, SPARK_VERSIONS } from '../../scripts/services/install.ts';
import { FRAGMENTS } from '../../src/setter/fragments/index.ts';
import type { Configuration } from '../../src/setter/history-run.ts';
import { propertiesOf } from '../../src/setter/launch-properties.ts';
import type { PlatformName } from '../../src/spark/platform.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { CONFIGURATION } from './sample-history.ts';

/** Runs a job, and tells what Spark took for its configuration and how many executors did the work. */
const PROGRAM = `
import json
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
sc = spark.sparkContext
rows = spark.range(1000).groupBy("id").count().count()
info = [e for e in sc._jsc.sc().statusTracker().getExecutorInfos()]
print("TOLD " + json.dumps({
    "rows": rows,
    "executors": len(info) - 1,
    "slots": sc.defaultParallelism,
    "driverHeap": sc._jvm.java.lang.Runtime.getRuntime().maxMemory(),
    "conf": dict(sc.getConf().getAll()),
}))
spark.stop()
`;

interface Told {
  readonly rows: number;
  readonly executors: number;
  readonly slots: number;
  readonly driverHeap: number;
  readonly conf: Readonly<Record<string, string>>;
}

describeWithService(
  'SPOT_TEST_SPARK_HOME',
  'setter: a line of spark-submit, run by a real shell and a real Spark',
  (sparkHome) => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'spot-submit-'));
      writeFileSync(join(folder, 'program.py'), PROGRAM);
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });

    async function run(configuration: Configuration, platform: PlatformName, master: string): Promise<Told> {
      const spark = await installSpark(SPARK_VERSIONS[0]);
      const properties = propertiesOf(configuration, { platform, maxExecutors: 1000 }, '4.0.1');
      const write = FRAGMENTS.get('spark-submit');
      const { text } = write?.({ properties, platform, sparkVersion: '4.0.1' }) ?? { text: '' };
      const line = `${text} --master '${master}' ${join(folder, 'program.py')}`;
      const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line], {
        env: {
          PATH: `${join(sparkHome, 'bin')}:/usr/local/bin:/usr/bin:/bin`,
          SPARK_HOME: sparkHome,
          SPARK_LOCAL_IP: '127.0.0.1',
          JAVA_HOME: spark.javaHome,
          PYSPARK_PYTHON: spark.python,
          PYSPARK_DRIVER_PYTHON: spark.python,
          JDK_JAVA_OPTIONS: LEAN_JVM,
          SPARK_LOCAL_DIRS: folder,
        },
        cwd: folder,
        timeout: 100_000,
      });
      const [, told = ''] = /TOLD (.*)/.exec(stdout) ?? [];
      expect(told, `run of: ${line}`).to.not.equal('');
      const answer = JSON.parse(told) as Told;
      // What Spark took is what was suggested, each property of it.
      for (const [key, value] of Object.entries(properties)) expect(answer.conf, line).to.include({ [key]: value });
      return answer;
    }

    it('of 2 executors with 1 core and 1 GiB on a standalone cluster gets 2 such executors and a driver of 1.5 GiB', async function () {
      this.timeout(120_000);
      const told = await run(
        {
          ...CONFIGURATION,
          executors: 2,
          coresPerExecutor: 1,
          memoryMib: 1024,
          driverMemoryMib: 1536,
          shufflePartitions: 7,
        },
        'standalone',
        'local-cluster[4,1,1024]',
      );

      // Four workers stand ready: it is spark.cores.max that makes them two.
      expect(told).to.include({ rows: 1000, slots: 2 });
      expect(told.conf).to.include({ 'spark.cores.max': '2', 'spark.sql.shuffle.partitions': '7' });
      expect(told.driverHeap / 2 ** 20).to.be.within(1400, 1536);
    });

    it('of dynamic allocation starts, without a shuffle service', async function () {
      this.timeout(120_000);
      const told = await run(
        {
          ...CONFIGURATION,
          executors: 2,
          coresPerExecutor: 1,
          memoryMib: 1024,
          driverMemoryMib: 1024,
          isDynamic: true,
        },
        'yarn',
        'local-cluster[2,1,1024]',
      );

      expect(told.rows).to.equal(1000);
      expect(told.conf).to.include({ 'spark.dynamicAllocation.shuffleTracking.enabled': 'true' });
    });
  },
);

import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emittable, SuggestionError } from '../../src/setter/fragments/emittable.ts';
import { FRAGMENTS } from '../../src/setter/fragments/index.ts';
import { shellWord } from '../../src/setter/fragments/shell-word.ts';
import { sparkSubmitArguments } from '../../src/setter/fragments/spark-submit.ts';
import { propertiesOf } from '../../src/setter/launch-properties.ts';
import { PLATFORM_NAMES, type PlatformName } from '../../src/spark/platform.ts';

const PROPERTIES = {
  'spark.executor.instances': '10',
  'spark.executor.cores': '4',
  'spark.executor.memory': '8g',
  'spark.executor.extraJavaOptions': '-XX:+UseG1GC -XX:+HeapDumpOnOutOfMemoryError',
  'spark.driver.memory': '2g',
  'spark.sql.shuffle.partitions': '400',
};

function fragment(
  format: string,
  platform: PlatformName = 'yarn',
  properties: Readonly<Record<string, string>> = PROPERTIES,
) {
  const write = FRAGMENTS.get(format);
  if (write === undefined) throw new Error(`There is no format ${format}`);
  return write({ properties, platform, sparkVersion: '3.5.7' });
}

describe('setter/fragments', () => {
  describe('run by a real sh', () => {
    let folder: string;
    /** A program named spark-submit that tells the arguments it got. */
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'spot-fragments-'));
      const program = join(folder, 'spark-submit');
      writeFileSync(program, '#!/bin/sh\nfor each in "$@"; do printf "%s\\0" "$each"; done\n');
      chmodSync(program, 0o755);
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });
    const argumentsOf = (line: string): string[] =>
      execFileSync('/bin/sh', ['-c', line], { env: { PATH: `${folder}:/usr/bin:/bin` }, encoding: 'utf8' })
        .split('\0')
        .slice(0, -1);

    it('spark-submit gets the 12 arguments that were meant, an option with a blank in it as one', () => {
      const { text } = fragment('spark-submit');

      const expected = sparkSubmitArguments(Object.entries(PROPERTIES).sort(([a], [b]) => (a < b ? -1 : 1)));
      expect(argumentsOf(text)).to.deep.equal(expected);
      expect(expected).to.have.length(12);
    });

    it('each line for 1 to 1000 executors of any size, on any platform, is the arguments that were meant', () => {
      const count = fc.integer({ min: 1, max: 1000 });
      const configuration = fc.record({
        executors: count,
        coresPerExecutor: count,
        memoryMib: count,
        shufflePartitions: count,
        driverCores: count,
        driverMemoryMib: count,
        isDynamic: fc.boolean(),
      });
      fc.assert(
        fc.property(configuration, fc.constantFrom(...PLATFORM_NAMES), (each, platform) => {
          const properties = propertiesOf(each, { platform, maxExecutors: 1000 }, '3.5.7');
          const { leftOut } = fragment('spark-submit', platform, properties);

          const expected = Object.entries(properties)
            .filter(([key]) => !leftOut.includes(key))
            .map(([key, value]) => `${key}=${value}`);
          const got = argumentsOf(fragment('spark-submit', platform, properties).text);
          expect(got.filter((word) => word !== '--conf').toSorted()).to.deep.equal(expected.toSorted());
          expect(got).to.have.length(2 * expected.length);
        }),
        { numRuns: 20 },
      );
    });

    it('any text without NUL comes through the quoting as it was', () => {
      const text = fc
        .string({ unit: 'binary', maxLength: 20 })
        .filter((word) => !word.includes('\0') && word.isWellFormed());
      fc.assert(
        fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), (words) => {
          expect(argumentsOf(`spark-submit ${words.map(shellWord).join(' ')}`)).to.deep.equal(words);
        }),
        { numRuns: 20, examples: [[["it's", '$(touch x)', '`id`', 'a\nb', '"', '\\', '', '*', '~', '!', '#']]] },
      );
    });
  });

  it('properties have one key a line, blanks, and the value without quotes', () => {
    const lines = fragment('properties').text.split('\n');

    expect(lines[0]).to.match(/^spark\.driver\.memory +2g$/);
    expect(lines).to.have.length(6);
  });

  it('airflow names what the operator has an argument for, and puts the rest into conf', () => {
    expect(
      fragment('airflow', 'yarn', {
        'spark.executor.memory': '8g',
        'spark.executor.cores': '4',
        'spark.sql.shuffle.partitions': '400',
      }).text,
    ).to.equal(`SparkSubmitOperator(
    task_id="...",
    application="...",
    executor_cores=4,
    executor_memory="8g",
    conf={
        "spark.sql.shuffle.partitions": "400",
    },
)`);
  });

  it('emr has all values as strings in one classification', () => {
    expect(JSON.parse(fragment('emr', 'emr').text)).to.deep.equal([
      { Classification: 'spark-defaults', Properties: PROPERTIES },
    ]);
  });

  it('databricks turns 10 executors into 10 workers, and says which 4 keys it left out', () => {
    const { text, leftOut } = fragment('databricks', 'databricks');

    expect(JSON.parse(text)).to.deep.equal({
      spark_version: '...',
      node_type_id: '...',
      num_workers: 10,
      spark_conf: {
        'spark.executor.extraJavaOptions': '-XX:+UseG1GC -XX:+HeapDumpOnOutOfMemoryError',
        'spark.sql.shuffle.partitions': '400',
      },
    });
    expect(leftOut).to.deep.equal([
      'spark.driver.memory',
      'spark.executor.cores',
      'spark.executor.instances',
      'spark.executor.memory',
    ]);
  });

  it('kubernetes writes each key once: as a field of the resource, or in sparkConf', () => {
    expect(
      fragment('kubernetes', 'kubernetes', {
        'spark.executor.instances': '10',
        'spark.executor.memory': '8g',
        'spark.driver.cores': '1',
        'spark.dynamicAllocation.enabled': 'false',
        'spark.sql.shuffle.partitions': '400',
      }).text,
    ).to.equal(`spec:
  driver:
    cores: 1
  executor:
    instances: 10
    memory: "8g"
  dynamicAllocation:
    enabled: false
  sparkConf:
    "spark.sql.shuffle.partitions": "400"`);
  });

  it('leaves out spark.executor.instances on a standalone cluster, which ignores it', () => {
    const { text, leftOut } = fragment('spark-submit', 'standalone');

    expect(text).not.to.include('instances');
    expect(leftOut).to.deep.equal(['spark.executor.instances']);
  });

  const REFUSED: readonly (readonly [string, string])[] = [
    ['spark.hadoop.fs.s3a.secret.key', 'x'],
    ['spark.jars', 'evil.jar'],
    ['spark.master', 'local'],
    ['spark.executor.memory', '8g; rm -rf'],
    ['spark.executor.memory', '*********(redacted)'],
    ['spark.executor.memory', '8g\nspark.jars evil.jar'],
    ['spark.executor.extraJavaOptions', '-Dpassword=x'],
    ['spark.executor.extraJavaOptions', '-XX:OnOutOfMemoryError=reboot'],
    ['__proto__', '1'],
  ];
  for (const [key, value] of REFUSED)
    it(`refuses to write ${JSON.stringify(key)} = ${JSON.stringify(value)}`, () => {
      expect(() => emittable({ properties: Object.fromEntries([[key, value]]), platform: 'yarn' }, 'yarn')).to.throw(
        SuggestionError,
      );
    });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { FRAGMENTS } from '../../src/setter/fragments/index.ts';
import { propertiesOf } from '../../src/setter/launch-properties.ts';
import { PLATFORM_NAMES, type PlatformName } from '../../src/spark/platform.ts';

/**
 * Arguments of Airflow's `SparkSubmitOperator` that a fragment may use, beside task_id, application and conf: each is a property.
 *
 * @see https://airflow.apache.org/docs/apache-airflow-providers-apache-spark/stable/_api/airflow/providers/apache/spark/operators/spark_submit/index.html
 */
const AIRFLOW: Readonly<Record<string, string>> = {
  total_executor_cores: 'spark.cores.max',
  executor_cores: 'spark.executor.cores',
  executor_memory: 'spark.executor.memory',
  driver_memory: 'spark.driver.memory',
  num_executors: 'spark.executor.instances',
};
/** @see https://docs.databricks.com/api/workspace/clusters/create */
const DATABRICKS = ['spark_version', 'node_type_id', 'num_workers', 'autoscale', 'spark_conf'];
/** @see https://github.com/kubeflow/spark-operator/blob/master/docs/api-docs.md, `SparkApplicationSpec` and below */
const KUBERNETES: Readonly<Record<string, readonly string[]>> = {
  driver: ['cores', 'memory', 'memoryOverhead'],
  executor: ['cores', 'memory', 'memoryOverhead', 'instances'],
  dynamicAllocation: ['enabled', 'initialExecutors', 'minExecutors', 'maxExecutors'],
};

const configurations = fc.record({
  executors: fc.integer({ min: 1, max: 1000 }),
  coresPerExecutor: fc.integer({ min: 1, max: 64 }),
  memoryMib: fc.integer({ min: 450, max: 500_000 }),
  shufflePartitions: fc.integer({ min: 1, max: 100_000 }),
  driverCores: fc.integer({ min: 1, max: 64 }),
  driverMemoryMib: fc.integer({ min: 450, max: 500_000 }),
  isDynamic: fc.boolean(),
});

interface Written {
  readonly text: string;
  /** The properties of the suggestion, those left out that the target manages itself. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Fragments of forty configurations on any platform, drawn with a fixed seed. */
function fragments(format: string): Written[] {
  return fc
    .sample(fc.tuple(configurations, fc.constantFrom(...PLATFORM_NAMES)), { numRuns: 40, seed: 7 })
    .map(([configuration, platform]: [Parameters<typeof propertiesOf>[0], PlatformName]) => {
      const properties = propertiesOf(configuration, { platform, maxExecutors: 1000 }, '3.5.7');
      const { text, leftOut } = FRAGMENTS.get(format)!({ properties, platform, sparkVersion: '3.5.7' });
      return {
        text,
        properties: Object.fromEntries(Object.entries(properties).filter(([key]) => !leftOut.includes(key))),
      };
    });
}

describe('setter/fragments, read by those they are for', () => {
  it('airflow: Python compiles 40 of them, with no argument that the operator does not have, and finds each value', () => {
    const program = `
import ast, json, sys
def read(text):
    return {k.arg: ast.literal_eval(k.value) for k in ast.parse(text).body[0].value.keywords}
print(json.dumps([read(text) for text in json.load(sys.stdin)]))`;
    const written = fragments('airflow');
    const output = execFileSync('python3', ['-c', program], {
      input: JSON.stringify(written.map(({ text }) => text)),
      encoding: 'utf8',
    });

    const read = JSON.parse(output) as Readonly<Record<string, unknown>>[];
    expect(read).to.have.length(40);
    read.forEach(({ task_id, application, conf, ...named }, i) => {
      expect([task_id, application]).to.eql(['...', '...']);
      expect(Object.keys(AIRFLOW)).to.include.members(Object.keys(named));
      const renamed = Object.entries(named).map(([name, value]) => [AIRFLOW[name] ?? name, String(value)]);
      expect({ ...(conf as object), ...Object.fromEntries(renamed) }).to.eql(written[i]?.properties);
    });
  });

  it('emr: each is one classification of the properties, as strings', () => {
    for (const { text, properties } of fragments('emr')) {
      const [only, ...others] = JSON.parse(text) as { Classification: string; Properties: Record<string, unknown> }[];
      expect(others).to.eql([]);
      expect(Object.keys(only ?? {})).to.eql(['Classification', 'Properties']);
      expect(only?.Classification).to.equal('spark-defaults');
      expect(only?.Properties).to.eql(properties);
    }
  });

  it('databricks: each has keys of a cluster only, and the properties that it does not manage itself as strings', () => {
    for (const { text, properties } of fragments('databricks')) {
      const cluster = JSON.parse(text) as { spark_conf?: Record<string, unknown> };
      expect(DATABRICKS).to.include.members(Object.keys(cluster));
      expect(cluster.spark_conf).to.eql(properties);
    }
  });

  it('kubernetes: each is YAML with fields of a SparkApplication only, numbers as numbers and memory as text', function () {
    const written = fragments('kubernetes');
    const read = readYaml(written.map(({ text }) => text));
    if (read === undefined) {
      console.log('    python3 has no yaml: install PyYAML to read them as the tools of a cluster do');
      this.skip();
    }
    expect(read).to.have.length(40);
    (read as { spec: Record<string, Record<string, unknown>> }[]).forEach(({ spec, ...others }, i) => {
      expect(others).to.eql({});
      const found: Record<string, unknown> = {};
      for (const [group, fields] of Object.entries(spec)) {
        if (group !== 'sparkConf') expect(KUBERNETES[group]).to.include.members(Object.keys(fields));
        const prefix = group === 'sparkConf' ? '' : `spark.${group}.`;
        for (const [name, value] of Object.entries(fields)) {
          if (group === 'sparkConf') expect(value).to.be.a('string');
          found[prefix + name] = String(value);
        }
      }
      for (const fields of [spec['driver'], spec['executor']]) {
        expect(fields?.['cores']).to.be.a('number');
        expect(fields?.['memory']).to.match(/^\d+m$/);
      }
      expect(found).to.eql(written[i]?.properties);
    });
  });
});

/** What PyYAML reads; `undefined` where Python does not have it. */
function readYaml(texts: readonly string[]): readonly unknown[] | undefined {
  const program = `
import json, sys
try:
    import yaml
except ImportError:
    print("null")
else:
    print(json.dumps([yaml.safe_load(text) for text in json.load(sys.stdin)]))`;
  const output = execFileSync('python3', ['-c', program], { input: JSON.stringify(texts), encoding: 'utf8' });
  return (JSON.parse(output) as unknown[] | null) ?? undefined;
}

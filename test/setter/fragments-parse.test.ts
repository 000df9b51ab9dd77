import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { FRAGMENTS } from '../../src/setter/fragments/index.ts';
import { propertiesOf } from '../../src/setter/launch-properties.ts';
import { PLATFORM_NAMES, type PlatformName } from '../../src/spark/platform.ts';

/**
 * Arguments of Airflow's `SparkSubmitOperator` that a fragment may use.
 *
 * @see https://airflow.apache.org/docs/apache-airflow-providers-apache-spark/stable/_api/airflow/providers/apache/spark/operators/spark_submit/index.html
 */
const AIRFLOW = [
  'task_id',
  'application',
  'conf',
  'total_executor_cores',
  'executor_cores',
  'executor_memory',
  'driver_memory',
  'num_executors',
];
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

/** Fragments of forty configurations on any platform, drawn with a fixed seed. */
function fragments(format: string): string[] {
  return fc
    .sample(fc.tuple(configurations, fc.constantFrom(...PLATFORM_NAMES)), { numRuns: 40, seed: 7 })
    .map(([configuration, platform]: [Parameters<typeof propertiesOf>[0], PlatformName]) => {
      const properties = propertiesOf(configuration, { platform, maxExecutors: 1000 }, '3.5.7');
      return FRAGMENTS.get(format)?.({ properties, platform, sparkVersion: '3.5.7' }).text ?? '';
    });
}

describe('setter/fragments, read by those they are for', () => {
  it('airflow: Python compiles 40 of them, with no argument that the operator does not have', () => {
    const program = `
import ast, json, sys
print(json.dumps([[k.arg for k in ast.parse(text).body[0].value.keywords] for text in json.load(sys.stdin)]))`;
    const output = execFileSync('python3', ['-c', program], {
      input: JSON.stringify(fragments('airflow')),
      encoding: 'utf8',
    });

    const used = JSON.parse(output) as string[][];
    expect(used).to.have.length(40);
    expect(AIRFLOW).to.include.members([...new Set(used.flat())]);
  });

  it('emr: each is one classification whose values are strings', () => {
    for (const text of fragments('emr')) {
      const [only, ...others] = JSON.parse(text) as { Classification: string; Properties: Record<string, unknown> }[];
      expect(others).to.eql([]);
      expect(Object.keys(only ?? {})).to.eql(['Classification', 'Properties']);
      expect(only?.Classification).to.equal('spark-defaults');
      for (const value of Object.values(only?.Properties ?? {})) expect(value).to.be.a('string');
    }
  });

  it('databricks: each has keys of a cluster only, and values of spark_conf are strings', () => {
    for (const text of fragments('databricks')) {
      const cluster = JSON.parse(text) as { spark_conf?: Record<string, unknown> };
      expect(DATABRICKS).to.include.members(Object.keys(cluster));
      for (const value of Object.values(cluster.spark_conf ?? {})) expect(value).to.be.a('string');
    }
  });

  it('kubernetes: each is YAML with fields of a SparkApplication only, numbers as numbers and memory as text', function () {
    const read = readYaml(fragments('kubernetes'));
    if (read === undefined) {
      console.log('    python3 has no yaml: install PyYAML to read them as the tools of a cluster do');
      this.skip();
    }
    expect(read).to.have.length(40);
    for (const { spec, ...others } of read as { spec: Record<string, Record<string, unknown>> }[]) {
      expect(others).to.eql({});
      for (const [group, fields] of Object.entries(spec)) {
        if (group === 'sparkConf') for (const value of Object.values(fields)) expect(value).to.be.a('string');
        else expect(KUBERNETES[group]).to.include.members(Object.keys(fields));
      }
      for (const fields of [spec['driver'], spec['executor']]) {
        expect(fields?.['cores']).to.be.a('number');
        expect(fields?.['memory']).to.match(/^\d+m$/);
      }
    }
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

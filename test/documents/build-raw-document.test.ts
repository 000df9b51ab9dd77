import { expect } from 'chai';
import { buildRawDocument } from '../../src/documents/build-raw-document.ts';
import type { JsonObject } from '../../src/documents/documents.ts';
import { fingerprintOf, SCHEMA_VERSION } from '../../src/documents/fingerprint.ts';
import type { Redact } from '../../src/documents/redact.ts';
import type { PropertyList } from '../../src/spark/rest.ts';
import { parseJson, stringifyJson } from '../../src/util/lossless-json.ts';
import { at, attemptOf, executorOf, inputOf, stageOf, START, WITHOUT_END } from './sample-run.ts';

const parts = inputOf().parts;

function environmentWith(sparkProperties: PropertyList, others: object = {}): JsonObject {
  const environment = { runtime: {}, sparkProperties, ...others };
  return buildRawDocument(inputOf({ parts: { ...parts, environment } })).attempts[0].environment;
}

describe('documents/build-raw-document', () => {
  it('redacts a list that never changes once for each redactor, and hands out the same list again', () => {
    const hadoopProperties: PropertyList = Object.freeze([
      ['fs.defaultFS', 'hdfs://nn'],
      ['fs.s3a.secret.key', 'hunter2'],
    ] as const);
    const build = (redact: Redact): unknown =>
      buildRawDocument(
        inputOf({ redact, parts: { ...parts, environment: { runtime: {}, sparkProperties: [], hadoopProperties } } }),
      ).attempts[0].environment['hadoopProperties'];
    const maskedBy = (mask: string): Redact => ({
      property: (key, value) => (key.includes('secret') ? mask : value),
      text: (text) => text,
    });
    const [one, other] = [maskedBy('***1'), maskedBy('***2')];

    const first = build(one);
    expect(first).to.deep.equal([
      ['fs.defaultFS', 'hdfs://nn'],
      ['fs.s3a.secret.key', '***1'],
    ]);
    expect(build(one)).to.equal(first);
    expect(build(other)).to.deep.include(['fs.s3a.secret.key', '***2']);
    expect(hadoopProperties[1]).to.deep.equal(['fs.s3a.secret.key', 'hunter2']);
  });

  it('marks the document with host, cluster, revision, fingerprint and schema version', () => {
    const input = inputOf();

    expect(buildRawDocument(input).spot).to.deep.equal({
      time_processed: '2026-01-02T04:04:05.006000+00:00',
      history_host: 'history.example',
      cluster: 'prod',
      fingerprint: fingerprintOf(input.application, input.attempt),
      revision: 7,
      schema_version: SCHEMA_VERSION,
      status: 'completed',
      flags: [],
    });
    expect(buildRawDocument({ ...input, fingerprint: 'given' }).spot.fingerprint).to.equal('given');
  });

  it('holds exactly the one attempt, and says whether it is the newest', () => {
    const [second, first] = [attemptOf({ attemptId: '2' }), attemptOf({ attemptId: '1' })];
    const application = { id: 'app-1', name: 'n', attempts: [second, first], maxCores: 8 };

    const newest = buildRawDocument(inputOf({ application, attempt: second }));
    const older = buildRawDocument(inputOf({ application, attempt: first }));

    expect([newest.attempts[0].attemptId, newest.isFinalAttempt]).to.deep.equal(['2', true]);
    expect([older.attempts[0].attemptId, older.isFinalAttempt]).to.deep.equal(['1', false]);
    expect(older).to.have.property('maxCores', 8);
  });

  it('writes times as ISO-8601 and leaves out what the original left out', () => {
    const [attempt] = buildRawDocument(
      inputOf({
        parts: {
          allexecutors: [executorOf('1', { removeTime: at(5000), executorLogs: { stdout: 'http://…' } })],
          stages: [stageOf(0, { details: 'stack trace' })],
          environment: {
            runtime: { javaVersion: '17', javaHome: '/usr/lib/jvm' },
            sparkProperties: [
              ['spark.jars', 'a.jar'],
              ['spark.yarn.keytab', 'k'],
              ['spark.master', 'yarn'],
            ],
            systemProperties: [['user.home', '/home/ada']],
            classpathEntries: [['a.jar', 'System Classpath']],
            hadoopProperties: [['fs.defaultFS', 'hdfs://nn']],
            metricsProperties: [['*.sink', 'x']],
            resourceProfiles: [{ id: 0 }],
          },
          jobs: [{ jobId: 1, name: 'j', status: 'SUCCEEDED', stageIds: [0], numTasks: 1, submissionTime: at(1) }],
          sql: [
            { id: 0, status: 'COMPLETED', description: 'd', planDescription: 'p', submissionTime: at(2), duration: 5 },
          ],
        },
      }),
    ).attempts;

    expect(attempt.startTime).to.equal('2026-01-02T03:04:05.006000+00:00');
    expect(attempt.allexecutors[0])
      .to.include({ addTime: '2026-01-02T03:04:06.006000+00:00', removeTime: '2026-01-02T03:04:10.006000+00:00' })
      .and.not.have.any.keys('hostPort', 'executorLogs');
    expect(attempt.stages[0])
      .to.include({ completionTime: '2026-01-02T03:04:09.106000+00:00', executorCpuTime: 6_000_000_000 })
      .and.not.have.property('details');
    expect(attempt.environment).to.deep.equal({
      runtime: { javaVersion: '17' },
      sparkProperties: { spark_master: 'yarn' },
      hadoopProperties: [['fs.defaultFS', 'hdfs://nn']],
      metricsProperties: [['*.sink', 'x']],
      resourceProfiles: [{ id: 0 }],
    });
    expect(attempt.jobs?.[0]).to.include({ submissionTime: '2026-01-02T03:04:05.007000+00:00' });
    expect(attempt.sql?.[0]).to.include({ submissionTime: '2026-01-02T03:04:05.008000+00:00' });
  });

  it('has neither end nor duration for an attempt without end, and the flag incomplete', () => {
    const raw = buildRawDocument(inputOf({ attempt: attemptOf(WITHOUT_END) }));

    expect(raw.attempts[0]).to.not.have.any.keys('endTime', 'endTimeEpoch', 'duration');
    expect(raw.attempts[0].lastUpdated).to.be.a('string');
    expect(raw.spot.flags).to.deep.equal(['incomplete']);
  });

  it('takes an end in the first millisecond of 1970 for none', () => {
    const attempt = attemptOf({ endTime: '1970-01-01T00:00:00.000GMT', endTimeEpoch: 0, duration: -START });

    expect(buildRawDocument(inputOf({ attempt })).attempts[0]).to.not.have.any.keys('endTime', 'duration');
  });

  for (const [flag, what, changes] of [
    ['clock_skew', 'an attempt that ends before it starts', { attempt: attemptOf({ endTime: at(-1), duration: -1 }) }],
    [
      'clock_skew',
      'an executor removed before it was added',
      { parts: { ...parts, allexecutors: [executorOf('1', { removeTime: at(999) })] } },
    ],
    [
      'clock_skew',
      'an executor added after the end',
      { parts: { ...parts, allexecutors: [executorOf('1', { addTime: at(10_001) })] } },
    ],
    [
      'clock_skew',
      'a stage completed before its first task',
      { parts: { ...parts, stages: [stageOf(0, { completionTime: at(2099) })] } },
    ],
    ['partial_stages', 'stages of which the first is stage 4', { parts: { ...parts, stages: [stageOf(4)] } }],
    ['future_end', 'an end 61 s after it was read', { processedAt: new Date(START + 10_000 - 61_000) }],
  ] as const) {
    it(`has the flag ${flag} for ${what}`, () => {
      expect(buildRawDocument(inputOf(changes)).spot.flags).to.deep.equal([flag]);
    });
  }

  it('forgives clocks that differ by 59 s', () => {
    expect(buildRawDocument(inputOf({ processedAt: new Date(START + 10_000 - 59_000) })).spot.flags).to.deep.equal([]);
  });

  for (const [what, changes] of [
    ['attempt', { attempt: attemptOf({ startTime: '2026-01-02T03:04:05.006Z' }) }],
    ['executor', { parts: { ...parts, allexecutors: [executorOf('1', { addTime: 'soon' })] } }],
    ['stage', { parts: { ...parts, stages: [stageOf(0, { submissionTime: '1795248246819' })] } }],
  ] as const) {
    it(`refuses a time of an ${what} in another format with DOCUMENT_INVALID_TIME`, () => {
      expect(() => buildRawDocument(inputOf(changes)))
        .to.throw()
        .with.property('code', 'DOCUMENT_INVALID_TIME');
    });
  }

  it('keeps whole numbers beyond 2^53 as they are, through JSON and back', () => {
    const raw = buildRawDocument(
      inputOf({ parts: { ...parts, stages: [stageOf(0, { executorCpuTime: 2n ** 63n - 1n })] } }),
    );

    const again = parseJson(stringifyJson(raw)) as typeof raw;

    expect(again.attempts[0].stages[0]?.['executorCpuTime']).to.equal(9223372036854775807n);
  });

  // Found by test/faults/mutated-inputs.test.ts: JSON.parse makes Infinity of 1e999, and JSON.stringify null of that.
  it('refuses a number that no counter of Spark can be, wherever in a row it stands', () => {
    for (const changes of [
      { notKnown: 1e308 },
      { inputBytes: Infinity },
      { peakExecutorMetrics: { JVMHeapMemory: -Infinity } },
    ]) {
      expect(() => buildRawDocument(inputOf({ parts: { ...parts, stages: [stageOf(0, changes)] } })))
        .to.throw(/^The value of \w+ is larger than anything Spark counts$/)
        .with.property('code', 'DOCUMENT_INVALID_NUMBER');
    }
  });

  it('refuses what is nested 10,000 levels deep, wherever in a row it stands, and overflows no stack', () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 10_000; level++) deep = [deep];
    for (const changes of [{ notKnown: deep }, { rddIds: deep as number[] }, { peakExecutorMetrics: { a: deep } }]) {
      expect(() => buildRawDocument(inputOf({ parts: { ...parts, stages: [stageOf(0, changes)] } })))
        .to.throw(/^The value of \w+ is nested more than 100 levels deep/)
        .with.property('code', 'DOCUMENT_TOO_DEEP');
    }
  });

  describe('Spark properties', () => {
    it('are an object with _ for every dot, known ones as numbers and booleans, junk as its text', () => {
      const { sparkProperties } = environmentWith([
        ['spark.executor.memory', '12.5g'],
        ['spark.executor.cores', '4.0'],
        ['spark.speculation', 'true'],
        ['my.own', '1'],
      ]);

      expect(sparkProperties).to.deep.equal({
        spark_executor_memory: 13421772800,
        spark_executor_cores: '4.0',
        spark_speculation: true,
        my_own: '1',
      });
    });

    it('keep the last value of a property listed twice', () => {
      const { sparkProperties } = environmentWith([
        ['spark.a', '1'],
        ['spark.a', '2'],
      ]);

      expect(sparkProperties).to.deep.equal({ spark_a: '2' });
    });

    const inAnyOrder = [
      [
        ['spark.executor.memory', '4g'],
        ['spark.executor_memory', '1g'],
        ['spark_executor_memory', '2g'],
      ],
      [
        ['spark.executor_memory', '1g'],
        ['spark_executor_memory', '2g'],
        ['spark.executor.memory', '4g'],
      ],
      [
        ['spark_executor_memory', '2g'],
        ['spark.executor.memory', '4g'],
        ['spark.executor_memory', '1g'],
      ],
    ] as const;
    inAnyOrder.forEach((list, index) => {
      it(`of one name: Spark's own spelling has it, the others are kept beside it (order ${index + 1})`, () => {
        const input = inputOf({ parts: { ...parts, environment: { runtime: {}, sparkProperties: list } } });

        const raw = buildRawDocument(input);

        expect(raw.attempts[0].environment['sparkProperties']).to.deep.equal({ spark_executor_memory: 4294967296 });
        expect(raw.attempts[0].environment['collidingSparkProperties']).to.deep.equal([
          ['spark.executor_memory', '1g'],
          ['spark_executor_memory', '2g'],
        ]);
        expect(raw.spot.flags).to.deep.equal(['property_collision']);
      });
    });

    it('called __proto__, constructor or ..proto.. are data, and change no prototype', () => {
      const environment = environmentWith([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['toString', 'c'],
      ]);

      const again = JSON.parse(JSON.stringify(environment)) as { sparkProperties: object };
      expect(Object.entries(again.sparkProperties)).to.deep.equal([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['toString', 'c'],
      ]);
      expect(JSON.stringify(environmentWith([['..proto..', 'x']]))).to.contain('"__proto__":"x"');
      expect(Object.getPrototypeOf(environment['sparkProperties'])).to.equal(Object.prototype);
      expect(({} as Record<string, unknown>)['a']).to.equal(undefined);
    });
  });

  describe('secrets', () => {
    const SECRET = 'hunter2';
    const redact: Redact = {
      property: (key, value) => (key.includes('pass') ? '***' : value.replaceAll(SECRET, '***')),
      text: (text) => text.replaceAll(SECRET, '***'),
    };

    it('leave no trace, wherever in the answers they stand', () => {
      const own = JSON.parse(`{"__proto__": "${SECRET}", "list": ["${SECRET}"]}`) as Readonly<Record<string, unknown>>;
      const attempt = attemptOf({ sparkUser: SECRET, added: own });
      const pair = [`my.${SECRET}`, `x ${SECRET}`] as const;

      const raw = buildRawDocument(
        inputOf({
          application: { id: 'app-1', name: `load ${SECRET}`, attempts: [attempt], own },
          attempt,
          parts: {
            allexecutors: [executorOf('1', { removeReason: SECRET, attributes: own, resources: own })],
            stages: [
              stageOf(0, {
                name: SECRET,
                description: SECRET,
                failureReason: SECRET,
                killedTasksSummary: { [SECRET]: 3 },
                accumulatorUpdates: [own],
              }),
            ],
            environment: {
              runtime: { javaVersion: SECRET },
              sparkProperties: [
                ['spark.app.name', SECRET],
                ['spark.app_name', SECRET],
                ['spark.executor.memory', SECRET],
              ],
              hadoopProperties: [['fs.x', SECRET]],
              metricsProperties: [['m', SECRET]],
              resourceProfiles: [own],
              added: [pair[1]],
            },
            jobs: [
              {
                jobId: 1,
                name: SECRET,
                description: SECRET,
                jobTags: [SECRET],
                jobGroup: SECRET,
                status: 'FAILED',
                stageIds: [],
                numTasks: 0,
              },
            ],
            sql: [
              {
                id: 0,
                status: 'FAILED',
                description: SECRET,
                planDescription: SECRET,
                submissionTime: at(0),
                duration: 1,
              },
            ],
          },
          appSpecificData: { classification: { app: SECRET, '1': SECRET }, tag: SECRET },
          redact,
        }),
      );

      const json = JSON.stringify(raw);
      expect(json).to.not.contain(SECRET);
      expect(json).to.contain('"killedTasksSummary":{"***":3}').and.contain('"__proto__":"***"');
    });

    it('are judged by the whole name of a property, before its dots are gone', () => {
      const asked: string[] = [];
      const listen: Redact = {
        property: (key, value) => {
          asked.push(key);
          return value;
        },
        text: (text) => text,
      };
      const environment = {
        runtime: {},
        sparkProperties: [['my.db.pass', 'x']],
        hadoopProperties: [['fs.pass', 'y']],
      } as const;

      buildRawDocument(inputOf({ parts: { ...parts, environment }, redact: listen }));

      expect(asked).to.include.members(['my.db.pass', 'fs.pass']);
    });

    it('take no cast: a redacted size stays text', () => {
      const environment = { runtime: {}, sparkProperties: [['spark.executor.memory', '4g']] } as const;
      const raw = buildRawDocument(
        inputOf({ parts: { ...parts, environment }, redact: { ...redact, property: () => '***' } }),
      );

      expect(raw.attempts[0].environment['sparkProperties']).to.deep.equal({ spark_executor_memory: '***' });
    });
  });

  it('has no key for what is undefined, so that it equals what a store gives back', () => {
    const attempt = attemptOf({ attemptId: undefined } as object);
    const raw = buildRawDocument(
      inputOf({
        attempt,
        application: { id: 'app-1', name: 'n', attempts: [attempt], cores: undefined },
        parts: {
          ...parts,
          allexecutors: [executorOf('1', { removeTime: undefined, resources: { gpu: undefined } } as object)],
          stages: [stageOf(0, { description: undefined, completionTime: undefined } as object)],
        },
      }),
    );

    expect(raw).to.deep.equal(JSON.parse(JSON.stringify(raw)));
  });

  it('changes nothing in what it was given', () => {
    const input = inputOf();
    const before = structuredClone({ application: input.application, parts: input.parts });

    buildRawDocument({ ...input, redact: { property: () => '***', text: () => '***' } });

    expect({ application: input.application, parts: input.parts }).to.deep.equal(before);
  });
});

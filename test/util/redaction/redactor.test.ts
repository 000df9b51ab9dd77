import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { createRedactor } from '../../../src/util/redaction/redactor.ts';
import { plantSecrets, SECRET_KINDS } from '../../support/planted-secrets.ts';

const redactor = createRedactor({ hashKey: 'a key of the installation' });
const MARK = /^\*\*\*hmac:[\da-f]{8}$/;

type Pair = readonly [key: string, value: string];
const readJson = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8'));

/** Names and values that look like secrets to a careless eye. */
const TRICKY: readonly Pair[] = [
  ['spark.sql.autoBroadcastJoinThreshold', '10485760'],
  ['spark.hadoop.fs.s3a.path.style.access', 'true'],
  ['spark.ml.tokenizer', 'regex'],
  ['spark.nlp.tokenizer.pattern', '\\s+'],
  ['spark.app.passthrough', 'everything-that-comes'],
  ['spark.kerberos.renewal.credentials', 'ccache'],
  ['spark.kerberos.keytab', '/etc/security/keytabs/spark.keytab'],
  ['spark.yarn.keytab', 'spark.keytab'],
  ['spark.hadoop.hadoop.security.credential.provider.path', 'jceks://hdfs@nn1.example/user/spot/keys.jceks'],
  ['spark.hadoop.fs.s3a.aws.credentials.provider', 'org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider'],
  ['spark.authenticate.secret.file', '/run/secrets/spark'],
  ['spark.kubernetes.driver.secretKeyRef.ENV', 'my-secret:my-key'],
  ['spark.ssl.keyStore', '/etc/ssl/keystore.jks'],
  ['spark.redaction.regex', '(?i)secret|password|token|access[.]?key'],
  ['spark.sql.defaultUrlStreamHandlerFactory.enabled', 'true'],
  ['spark.hadoop.fs.azure.account.auth.type.myaccount.dfs.core.windows.net', 'OAuth'],
  ['spark.hadoop.fs.azure.account.oauth2.client.endpoint', 'https://login.microsoftonline.com/common/oauth2/token'],
  ['spark.sql.catalog.prod.uri', 'thrift://metastore.example:9083'],
  ['spark.sql.catalog.prod.token-refresh-enabled', 'true'],
  ['spark.input', 'abfss://container@account.dfs.core.windows.net/path/file'],
  [
    'spark.input',
    's3a://bucket/path/year=2026/month=11/part-00000-4d2c1a3e-5b6f-4c7d-8e9f-0a1b2c3d4e5f-c000.snappy.parquet',
  ],
  ['spark.input', 'hdfs://spot@nn1.example:8020/data'],
  ['spark.app.git', 'ssh://git@git.example/spot.git'],
  ['spark.app.id', 'application_1700000000000_0042'],
  ['spark.app.commit', '9fceb02d0ae598e95dc970b74767f19372d61af8'],
  ['spark.app.build', 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['spark.app.name', 'Tokenize passwords of the secret garden'],
  ['spark.app.description', 'Compares the access keys: none, some or all'],
  [
    'spark.driver.extraJavaOptions',
    '-Dlog4j.configurationFile=log4j2.xml -XX:+UseG1GC -Djava.security.auth.login.config=/etc/jaas.conf',
  ],
  ['spark.jdbc.url', 'jdbc:postgresql://db.example:5432/prod?user=spot&ssl=true&sslmode=verify-full'],
  ['spark.sql.shuffle.partitions', '200'],
  ['spark.sql.primary.key', 'customer_id'],
  ['spark.partition.key', 'country'],
  ['key.deserializer', 'org.apache.kafka.common.serialization.StringDeserializer'],
  ['sasl.mechanism', 'SCRAM-SHA-512'],
  ['spark.app.bypass', 'first-stage'],
  ['spark.app.secretary', 'Miss Moneypenny'],
  ['spark.app.compass', 'north'],
  ['spark.app.maxTokens', '4096'],
  ['spark.app.keyspace', 'Prod_Keyspace1'],
  ['spark.app.signal', 'SIGTERM'],
  ['spark.databricks.secret', '{{secrets/prod/key}}'],
  ['spark.app.password', '${env:DB_PASSWORD}'],
  ['spark.app.assignment', 'x=1,y=2'],
  ['spark.app.mail', 'spot@example.org'],
  ['spark.app.time', '2026-11-21T08:56:13.298GMT'],
  ['spark.app.uuid', '4d2c1a3e-5b6f-4c7d-8e9f-0a1b2c3d4e5f'],
  ['spark.app.scheme', 'Basic authentication over https'],
  ['spark.app.doc', 'https://spark.apache.org/docs/latest/security.html#authentication'],
  ['spark.app.cert', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
];

describe('util/redaction/redactor', () => {
  it('hides 500 planted secrets of more than 40 kinds in properties, and keeps what stands around them', () => {
    const planted = plantSecrets(20261121, 500);

    const shown = planted.filter(({ key, value, secret }) => redactor.property(key, value).includes(secret));
    const changed = planted.filter(({ key, value, secret }) => {
      const [before = '', after = ''] = value.split(secret);
      const result = redactor.property(key, value);
      return (
        !/\*\*\*hmac:[\da-f]{8}/.test(result) ||
        !(result.startsWith(before) || MARK.test(result)) ||
        !(result.endsWith(after) || MARK.test(result))
      );
    });

    expect(Object.keys(SECRET_KINDS).length).to.be.at.least(40);
    expect(shown).to.deep.equal([]);
    expect(changed).to.deep.equal([]);
  });

  it('hides them in the text of an error, a log line and a command line', () => {
    const planted = plantSecrets(5, 500);
    const spark = (key: string): string => (key.startsWith('spark.') ? key : `spark.${key}`);
    const texts: readonly ((key: string, value: string) => string)[] = [
      (key, value) => `spark-submit --conf "${key}=${value.replaceAll('"', '\\"')}" job.py`,
      (key, value) => JSON.stringify({ message: 'refused', properties: { [key]: value } }),
      (key, value) => `Illegal value in ${spark(key)}=${value}`,
    ];

    for (const make of texts) {
      const shown = planted.filter(({ key, value, secret }) => redactor.text(make(key, value)).includes(secret));
      expect(shown).to.deep.equal([]);
    }
  });

  it('masks at most 1 % of 2,000 and more ordinary properties of Spark and Hadoop', () => {
    const environment = readJson('history-server/smoke-wordcount/environment.json') as Record<string, Pair[]>;
    const lists = ['sparkProperties', 'hadoopProperties', 'systemProperties', 'metricsProperties', 'classpathEntries'];
    const spark = readJson('ordinary-properties/spark-4.0.1.json') as Pair[];
    const ordinary = [...lists.flatMap((list) => environment[list] ?? []), ...spark];

    const masked = ordinary.filter(
      ([key, value]) => redactor.property(key, value) !== value || redactor.text(key) !== key,
    );

    expect(ordinary.length).to.be.at.least(2000);
    expect(masked.length / ordinary.length, masked.map(([key]) => key).join(', ')).to.be.at.most(0.01);
  });

  for (const [key, value] of TRICKY) {
    it(`leaves ${key} = ${value.slice(0, 60).replaceAll('\n', ' ')} as it is`, () => {
      expect(redactor.property(key, value)).to.equal(value);
    });
  }

  it('gives equal secrets equal marks wherever they stand, and other ones under another key', () => {
    const secret = 'c0rrect-horse';
    const alone = redactor.property('db.password', secret);

    expect(alone).to.match(MARK);
    expect(redactor.property('other.passwd', secret)).to.equal(alone);
    expect(redactor.text(`jdbc:x://h/d?password=${secret}&a=b`)).to.equal(`jdbc:x://h/d?password=${alone}&a=b`);
    expect(redactor.text(`mongodb://u:${secret}@h`)).to.equal(`mongodb://u:${alone}@h`);
    expect(createRedactor({ hashKey: 'another' }).property('db.password', secret))
      .to.match(MARK)
      .and.not.equal(alone);
    // printf '%s' 'c0rrect-horse' | openssl dgst -sha256 -hmac 'a key of the installation'
    expect(alone).to.equal('***hmac:a5dfe7c8');
  });

  it('leaves what Spark or Spot has masked already', () => {
    expect(redactor.property('spark.password', '*********(redacted)')).to.equal('*********(redacted)');
    const once = redactor.text('--conf a.password=hunter2 https://u:hunter2@h/ Bearer abc123def456');
    expect(redactor.text(once)).to.equal(once);
  });

  it('changes nothing the second time, whatever the text', () => {
    const pieces = plantSecrets(9, 80).flatMap(({ key, value }) => [
      key,
      value,
      `${key}=${value}`,
      `"${key}": "${value}"`,
    ]);
    const piece = fc.oneof(
      fc.constantFrom(...pieces),
      fc.constantFrom('=', ':', ' ', '"', '{', '@', '://', '&', ';', '-', '***'),
      fc.string({ maxLength: 8 }),
    );

    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (parts) => {
        const once = redactor.text(parts.join(''));
        expect(redactor.text(once)).to.equal(once);
      }),
      { numRuns: 500 },
    );
  });

  it('answers the same with a memory as without', () => {
    const planted = plantSecrets(3, 200);
    const values = [...planted.map(({ value }) => value), '10', 'true', ''];
    const warm = createRedactor({ hashKey: 'k' });

    for (const { key } of planted.slice(0, 50)) {
      for (const value of [...values, ...values]) {
        expect(warm.property(key, value)).to.equal(createRedactor({ hashKey: 'k' }).property(key, value));
      }
    }
  });

  it('takes less than 0.5 ms for an environment of 1,430 properties when the cluster is known', () => {
    const text = readFileSync(
      new URL('../../fixtures/history-server/smoke-wordcount/environment.json', import.meta.url),
      'utf8',
    );
    const batches = Array.from({ length: 20 }, () => {
      const environments = Array.from({ length: 10 }, () => JSON.parse(text) as unknown);
      const before = process.cpuUsage();
      for (const environment of environments) redactor.deep(environment);
      return process.cpuUsage(before).user / 1000 / environments.length;
    });

    expect(Math.min(...batches)).to.be.below(0.5);
  });

  describe('deep', () => {
    it('redacts by the name a text stands under, in objects, lists and pairs', () => {
      const given = {
        sparkProperties: [
          ['spark.app.name', 'x'],
          ['my.db.pass', 'hunter2'],
        ],
        classpathEntries: [['https://u:hunter2@repo.example/a.jar', 'Added By User']],
        nested: { tokens: ['abc-def-123'], count: 3, big: 2n ** 60n, none: null, password: 123456 },
      };

      const result = redactor.deep(given) as unknown as Record<string, unknown>;

      expect(JSON.stringify(result['sparkProperties'])).to.match(
        /^\[\["spark.app.name","x"\],\["my.db.pass","\*\*\*hmac:.{8}"\]\]$/,
      );
      expect(JSON.stringify(result['classpathEntries']))
        .to.contain('https://u:***hmac:')
        .and.contain('@repo.example/a.jar')
        .and.not.contain('hunter2');
      expect(result['nested']).to.include({ count: 3, big: 2n ** 60n, none: null });
      expect((result['nested'] as { tokens: string[] }).tokens[0]).to.match(MARK);
      expect((result['nested'] as { password: string }).password).to.match(MARK);
    });

    it('gives the same object back when nothing is secret, and else leaves the given one alone', () => {
      const clean = { a: [['spark.app.name', 'x']], b: { c: 'text' } };
      const dirty = { clean, dirty: { token: 'abc-def-123' } };
      const before = structuredClone(dirty);

      expect(redactor.deep(clean)).to.equal(clean);
      const result = redactor.deep(dirty);
      expect(result.clean).to.equal(clean);
      expect(result.dirty).to.not.equal(dirty.dirty);
      expect(dirty).to.deep.equal(before);
    });

    it('keeps keys named __proto__ and constructor, and pollutes nothing', () => {
      const given = JSON.parse(
        '{"__proto__": {"password": "hunter2"}, "constructor": "x", "token": "abc-def-123"}',
      ) as Record<string, unknown>;

      const result = redactor.deep(given);

      expect(Object.keys(result)).to.deep.equal(['__proto__', 'constructor', 'token']);
      expect(JSON.stringify(result)).to.not.contain('hunter2');
      expect(({} as Record<string, unknown>)['password']).to.equal(undefined);
    });

    it('redacts message, stack, cause and details of an Error, which stays one', () => {
      class OwnError extends Error {
        readonly details = { url: 'https://u:hunter2@h/' };
      }
      const error = new OwnError('refused: password=hunter2', { cause: new Error('token=abc-def-123') });

      const result = redactor.deep(error);

      expect(result).to.be.instanceOf(OwnError);
      expect(
        [result.message, result.stack, JSON.stringify(result.details), (result.cause as Error).message].join(),
      ).to.not.match(/hunter2|abc-def-123/);
      expect(error.message).to.contain('hunter2');
    });

    it('ends at 100 levels, and in a circle', () => {
      let deep: unknown = 'hunter2';
      for (let level = 0; level < 10_000; level++) deep = { deep };
      const circle: Record<string, unknown> = {};
      circle['left'] = circle['right'] = [circle, circle];

      expect(JSON.stringify(redactor.deep(deep)))
        .to.contain('***nested too deeply')
        .and.not.contain('hunter2');
      expect(redactor.deep(circle)).to.deep.equal({
        left: ['***circular', '***circular'],
        right: ['***circular', '***circular'],
      });
    });
  });
});

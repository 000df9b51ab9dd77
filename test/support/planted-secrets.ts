import { seededRandom } from './seeded-random.ts';

/** A secret that stands in a property, and must nowhere be seen in clear. */
export interface PlantedSecret {
  readonly kind: string;
  readonly secret: string;
  readonly key: string;
  /** Contains the secret. */
  readonly value: string;
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const HEX = 'abcdef0123456789';
const WORDS = LOWER + UPPER + DIGITS;

type Random = (alphabet: string, length: number) => string;
/** Makes the secret, the name and the value of one kind. */
type Kind = (random: Random) => readonly [secret: string, key: string, value: string];

/** By the name alone: the value is what people choose, of any look. */
const named =
  (key: string): Kind =>
  (random) => {
    const secret = `${random(WORDS, 5)}${random('!#%+*.-_', 1)}${random(WORDS, 6)}`;
    return [secret, key, secret];
  };
const inside =
  (key: string, make: (random: Random) => string, around: (secret: string) => string): Kind =>
  (random) => {
    const secret = make(random);
    return [secret, key, around(secret)];
  };
const alone = (make: (random: Random) => string): Kind => inside('spark.app.note', make, (secret) => secret);
const password = (random: Random): string => `${random(WORDS, 6)}${random('!*.-_~', 1)}${random(WORDS, 5)}`;

export const SECRET_KINDS: Readonly<Record<string, Kind>> = {
  // What Spark 4.0.1 lets through in clear, as measured on its History Server.
  pass: named('my.db.pass'),
  credential: named('spark.credential'),
  api_key: named('spark.api_key'),
  apikey: named('spark.myservice.apikey'),
  'Azure account key': named('spark.hadoop.fs.azure.account.key.myaccount.dfs.core.windows.net'),
  'GCS private key': named('spark.hadoop.fs.gs.auth.service.account.private.key'),
  'Snowflake private key': named('sfPrivateKey'),
  'MongoDB address': inside(
    'spark.mongodb.input.uri',
    password,
    (secret) => `mongodb://spot:${secret}@mongo.example:27017/db`,
  ),
  'option --pwd=': inside('sun.java.command', password, (secret) => `org.example.Main --user u --pwd=${secret} in out`),
  'auth.pass': named('spark.es.net.http.auth.pass'),
  'SAS signature': inside(
    'spark.input.url',
    (random) => `${random(WORDS, 43)}%3D`,
    (secret) => `https://a.blob.core.windows.net/c/f.csv?sv=2022-11-02&sr=b&sig=${secret}&se=2030`,
  ),
  // By name.
  password: named('spark.datasource.password'),
  'camel-case password': named('spark.ssl.keyStorePassword'),
  'environment password': named('spark.executorEnv.PGPASSWORD'),
  pwd: named('spark.jdbc.pwd'),
  passphrase: named('spark.ssh.passphrase'),
  secret: named('spark.authenticate.secret'),
  'OAuth client secret of an account': named('fs.azure.account.oauth2.client.secret.myaccount.dfs.core.windows.net'),
  'S3A secret key': named('spark.hadoop.fs.s3a.bucket.data.secret.key'),
  'S3A access key': named('spark.hadoop.fs.s3a.access.key'),
  'session token': named('spark.hadoop.fs.s3a.session.token'),
  'shared key': named('spark.eventhubs.sharedKey'),
  'token of a place': inside(
    'spark.myapp.token.prod',
    (random) => `${random(LOWER, 3)}${random(WORDS, 20)}9`,
    (secret) => secret,
  ),
  'inline keytab': inside(
    'spark.custom.keytab.content',
    (random) => `BQIAAAB${random(WORDS, 60)}==`,
    (secret) => secret,
  ),
  // By the look of the value, under an ordinary name.
  'JDBC password': inside(
    'spark.app.url',
    password,
    (secret) => `jdbc:postgresql://db:5432/x?user=u&password=${secret}&ssl=true`,
  ),
  'SQL Server password': inside(
    'spark.app.url',
    password,
    (secret) => `jdbc:sqlserver://db:1433;user=sa;password={${secret}};encrypt=true`,
  ),
  'Oracle thin password': inside(
    'spark.app.url',
    password,
    (secret) => `jdbc:oracle:thin:scott/${secret}@//db:1521/orcl`,
  ),
  'connection string': inside(
    'spark.app.sink',
    (random) => `${random(WORDS, 86)}==`,
    (secret) => `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${secret};EndpointSuffix=core.windows.net`,
  ),
  'Java option': inside(
    'spark.driver.extraJavaOptions',
    password,
    (secret) => `-Xmx2g -Djavax.net.ssl.trustStorePassword=${secret} -Dx=y`,
  ),
  'option --password': inside('spark.app.args', password, (secret) => `--in a --password ${secret} --out b`),
  JAAS: inside(
    'spark.app.login',
    password,
    (secret) => `org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="${secret}";`,
  ),
  JSON: inside('spark.app.options', password, (secret) => `{"user":"u","password":"${secret}","n":1}`),
  'escaped JSON': inside('spark.app.options', password, (secret) => `"{\\"api_key\\":\\"${secret}\\"}"`),
  'bearer header': inside(
    'spark.app.header',
    (random) => `${random(WORDS, 30)}7`,
    (secret) => `Authorization: Bearer ${secret}`,
  ),
  'basic header': inside(
    'spark.app.header',
    (random) => Buffer.from(`user:${random(WORDS, 12)}`).toString('base64'),
    (secret) => `Basic ${secret}`,
  ),
  'private key': alone(
    (random) =>
      `-----BEGIN RSA PRIVATE KEY-----\n${random(WORDS, 64)}\n${random(WORDS, 64)}\n-----END RSA PRIVATE KEY-----`,
  ),
  'AWS access key id': alone((random) => `AKIA${random(`${UPPER}234567`, 16)}`),
  'JSON Web Token': alone((random) => `eyJ${random(WORDS, 20)}.eyJ${random(WORDS, 60)}.${random(WORDS, 43)}`),
  'GitHub token': alone((random) => `ghp_${random(WORDS, 36)}`),
  'Slack token': alone((random) => `xoxb-${random(DIGITS, 11)}-${random(WORDS, 24)}`),
  'Stripe key': alone((random) => `sk_live_${random(WORDS, 24)}`),
  'Google API key': alone((random) => `AIza${random(WORDS, 35)}`),
  'Databricks token': alone((random) => `dapi${random(HEX, 32)}`),
  'Azure client secret': alone((random) => `${random(WORDS, 3)}8Q~${random(WORDS, 34)}`),
};

/** So many secrets, of each kind in turn, the same for the same seed. */
export function plantSecrets(seed: number, count: number): readonly PlantedSecret[] {
  const next = seededRandom(seed);
  const random: Random = (alphabet, length) =>
    Array.from({ length }, () => alphabet.charAt(Math.floor(next() * alphabet.length))).join('');
  const kinds = Object.entries(SECRET_KINDS);
  return Array.from({ length: count }, (_, index) => {
    const [kind, make] = kinds[index % kinds.length]!;
    const [secret, key, value] = make(random);
    return { kind, secret, key, value };
  });
}

import { expect } from 'chai';
import { environmentName, readConfig, type ReadConfigOptions } from '../../src/config/read-config.ts';
import { defineSection } from '../../src/config/section.ts';
import { ConfigError } from '../../src/util/errors.ts';

const server = defineSection({
  name: 'SPARK_HISTORY',
  repeatable: true,
  about: 'A server.',
  keys: {
    api_base_url: { type: 'url', default: 'http://localhost:18080/api/v1', about: 'Where it is.' },
    password: { type: 'secret', default: '', about: 'Its password.' },
    timeout_seconds: { type: 'number', unit: 'seconds', default: '30', min: 0, about: 'How long to wait.' },
  },
  ignored: { lookback_hours: 'everything is looked at' },
});
const loop = defineSection({
  name: 'CRAWLER',
  about: 'The loop.',
  keys: {
    batch: { type: 'boolean', default: 'false', about: 'One pass.' },
    concurrency: { type: 'integer', default: '2', min: 1, about: 'How many.' },
  },
});

const files = defineSection({
  name: 'FILES',
  about: 'What is read again and again.',
  keys: { token_file: { type: 'path', default: '', about: 'A token.' } },
});

function read(text: string, options: Partial<ReadConfigOptions> = {}) {
  return readConfig(text, [server, loop], {
    file: 'config.ini',
    env: {},
    readSecretFile: () => {
      throw new Error('ENOENT');
    },
    ...options,
  });
}

function failureOf(text: string, options: Partial<ReadConfigOptions> = {}): ConfigError {
  try {
    read(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('nothing was refused');
}

describe('config/read-config', () => {
  it('gives every key its default when the file is empty', () => {
    const config = read('');

    expect(config.of(server).settings).to.deep.equal({
      api_base_url: 'http://localhost:18080/api/v1',
      password: '',
      timeout_seconds: 30,
    });
    expect(config.instancesOf(server)).to.have.length(0);
  });

  it('reads typed values, quoted text and comments', () => {
    const config = read('# mine\n[CRAWLER]\nbatch = True\nconcurrency = "4"\n; done\n');

    expect(config.of(loop).settings).to.deep.equal({ batch: true, concurrency: 4 });
  });

  it('takes an empty value as not set, as the template of the original leaves it', () => {
    expect(read('[SPARK_HISTORY]\ntimeout_seconds=\n').of(server).settings.timeout_seconds).to.equal(30);
  });

  it('keeps several named sections apart, dots in a name included', () => {
    const config = read(
      '[SPARK_HISTORY north]\napi_base_url=http://n:1\n[SPARK_HISTORY eu.west]\napi_base_url=http://w:1\n',
    );

    expect(config.instancesOf(server).map(({ label, settings }) => [label, settings.api_base_url])).to.deep.equal([
      ['north', 'http://n:1'],
      ['eu.west', 'http://w:1'],
    ]);
  });

  it('suggests the key that was meant', () => {
    const error = failureOf('[CRAWLER]\nconcurency = 3\n');

    expect(error.code).to.equal('CONFIG_UNKNOWN_KEY');
    expect(error.message).to.contain('did you mean concurrency?');
  });

  it('suggests the section that was meant, and says when a section takes no name', () => {
    expect(failureOf('[SPARK_HISTRY]\na=1\n').message).to.contain('did you mean [SPARK_HISTORY]?');
    expect(failureOf('[CRAWLER one]\nbatch=true\n').message).to.contain('[CRAWLER] takes no name');
  });

  it('names the key and what it must be when a value does not fit', () => {
    const error = failureOf('[CRAWLER]\nconcurrency = 0\n');

    expect(error.code).to.equal('CONFIG_INVALID_VALUE');
    expect(error.message).to.equal('[CRAWLER] concurrency in config.ini is "0", but must be a whole number from 1');
  });

  it('never shows a secret in a message', () => {
    const picky = defineSection({
      name: 'X',
      about: '',
      keys: { token: { type: 'secret', default: '', choices: ['a'], about: '' } },
    });

    expect(() => readConfig('[X]\ntoken=hunter2\n', [picky], { file: 'f', env: {}, readSecretFile: () => '' }))
      .to.throw(ConfigError)
      .with.property('message')
      .that.does.not.contain('hunter2');
  });

  it('lets the environment win over the file', () => {
    const config = read('[SPARK_HISTORY north]\npassword=file\n', {
      env: { SPOT_SPARK_HISTORY_NORTH_PASSWORD: 'environment' },
    });

    expect(config.instancesOf(server)[0]?.settings.password).to.equal('environment');
    expect(environmentName('SPOT_ELASTICSEARCH', '', 'password')).to.equal('SPOT_ELASTICSEARCH_PASSWORD');
  });

  it('reads a secret from the file that <key>_file names, with variables, without its last newline', () => {
    const config = read('[SPARK_HISTORY]\npassword_file=${CREDENTIALS_DIRECTORY}/pw\n', {
      env: { CREDENTIALS_DIRECTORY: '/run/cred' },
      readSecretFile: (path) => (path === '/run/cred/pw' ? 's3cret\n' : ''),
    });

    expect(config.of(server).settings.password).to.equal('s3cret');
  });

  it('fills in variables in every path, and leaves one that is not set as it is written', () => {
    const text = '[FILES]\ntoken_file = ${CREDENTIALS_DIRECTORY}/${name}\n';
    const tokenFile = (env: Readonly<Record<string, string>>): string =>
      readConfig(text, [files], { file: 'config.ini', env, readSecretFile: () => '' }).of(files).settings.token_file;

    expect(tokenFile({ CREDENTIALS_DIRECTORY: '/run/cred', name: 'spot_token' })).to.equal('/run/cred/spot_token');
    expect(tokenFile({ name: 'spot_token' })).to.equal('${CREDENTIALS_DIRECTORY}/spot_token');
  });

  it('says which secret file cannot be read, and which variable is not set', () => {
    expect(failureOf('[SPARK_HISTORY]\npassword_file=/nowhere\n').code).to.equal('CONFIG_SECRET_FILE');
    expect(failureOf('[SPARK_HISTORY]\npassword_file=${NOT_SET}/pw\n').message).to.include('${NOT_SET}/pw');
  });

  it('accepts keys of the original that have no effect, with a warning', () => {
    const config = read('[SPARK_HISTORY]\nlookback_hours=168\n');

    expect(config.warnings).to.deep.equal(['[SPARK_HISTORY] lookback_hours has no effect: everything is looked at']);
  });

  it('is not polluted by __proto__ sections and keys', () => {
    expect(failureOf('[CRAWLER]\nconstructor=1\n').code).to.equal('CONFIG_UNKNOWN_KEY');
    expect(() => read('[__proto__]\npolluted=yes\n')).to.not.throw();
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });
});

import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { lawRuns, saveLawRuns } from '../setter/stored-history.ts';

const SPOT = fileURLToPath(new URL('../../bin/spot.js', import.meta.url));

describe('spot fit, predict and suggest from the command line', function () {
  this.timeout(60_000);
  let folder: string;
  let store: SqliteStore;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spot-learn-'));
    store = await SqliteStore.open({ path: join(folder, 'spot.sqlite'), access: 'write' }, silentLogger);
    await saveLawRuns(store, lawRuns(24));
  });
  after(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  function spot(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const all = [SPOT, ...args, '--store', `sqlite:${join(folder, 'spot.sqlite')}`];
      const child = execFile(process.execPath, all, { cwd: folder }, (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      });
    });
  }

  it('fit --save keeps the model while another process has the store open for writing; predict then uses it', async () => {
    const saved = await spot('fit', '--save', '--tag', 'etl', '--format', 'json');
    const fitted = JSON.parse(saved.stdout) as { source: string; runs: number; targets: string[]; hash: string }[];
    expect(fitted).to.have.length(1);
    expect(fitted[0]).to.deep.include({ source: 'saved', runs: 24, targets: ['durationMs', 'coreMs'] });

    const { stdout, code } = await spot(
      'predict',
      '--tag',
      'etl',
      '--input-size',
      '10GB',
      '--executors',
      '8',
      '--format',
      'json',
    );
    const answer = JSON.parse(stdout) as { value: number; hash: string; model: object; validity: object };
    expect(code).to.equal(0);
    expect(answer.model).to.include({ source: 'stored', runsSinceFit: 0 });
    expect(answer.hash).to.equal(fitted[0]?.hash);
    expect(answer.validity).to.include({ status: 'current' });
    // 20 s + 240 s × 10 / 32, the formula of the runs.
    expect(answer.value / 95_000).to.be.within(0.95, 1.05);
  });

  it('predict --what core-time is the core-hours of the same run: 32 cores for 95 s', async () => {
    const { stdout } = await spot(
      'predict',
      '--tag',
      'etl',
      '--input-size',
      '10GB',
      '--executors',
      '8',
      '--what',
      'core-time',
      '--format',
      'json',
    );

    expect((JSON.parse(stdout) as { value: number }).value / (32 * 95_000)).to.be.within(0.93, 1.07);
  });

  it('predict --what spill says that nothing is known of what was always the same', async () => {
    const { stdout } = await spot('predict', '--tag', 'etl', '--what', 'spill', '--format', 'json');

    expect((JSON.parse(stdout) as { value: number }).value).to.be.closeTo(0, 1);
  });

  it('suggest stays within [PLATFORM]: 3 nodes of 8 cores hold 6 executors of 4', async () => {
    const config = join(folder, 'config.ini');
    writeFileSync(config, '[PLATFORM]\nnodes = 3\nnode_cores = 8\nnode_memory = 32g\n');
    const { stdout, code } = await spot(
      'suggest',
      '--tag',
      'etl',
      '--priority',
      'performance',
      '--format',
      'json',
      '--config',
      config,
    );

    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ num_executors: 6, executor_cores: 4, recommendation_method: 'model' });
    const refused = await spot('suggest', '--tag', 'etl', '--instance-type', 'm99.huge', '--config', config);
    expect(refused.code).to.equal(78);
    expect(refused.stderr).to.include('CONFIG_INVALID_VALUE');
  });
});

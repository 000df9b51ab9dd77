import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Configuration } from '../../src/setter/history-run.ts';
import type { Proposal, Round } from '../../src/tuning/session.ts';
import { runSpot, spotEnded, spotJson, startSpot } from '../support/run-spot.ts';
import { trueMs, type Truth } from '../tuning/simulated-application.ts';
import { GIB, START } from '../tuning/sessions.ts';
import { writeRunLog } from '../tuning/write-run-log.ts';

/** 20 s alone, then 600 s of one slot, and a second for each task: 200 of them on 2 slots make 420 s at the start. */
const TRUTH: Truth = {
  serialMs: 20_000,
  workMs: 600_000,
  taskMs: 1000,
  memoryNeed: 0,
  spillFactor: 1,
  leastMib: 0,
  noise: 0,
};

interface Status {
  readonly pending?: Proposal;
  readonly rounds: readonly Round[];
  readonly stopped?: { readonly reason: string };
  readonly standing: { readonly best: Configuration; readonly bestMs: number; readonly saved: number };
  readonly properties?: Readonly<Record<string, string>>;
}

describe('e2e: spot tune', function () {
  this.timeout(120_000);
  let folder: string;
  let runs = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spot-tune-'));
    runs = 0;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const store = (): string => `sqlite:${join(folder, 'spot.sqlite')}`;
  const args = (...rest: readonly string[]): string[] => ['tune', ...rest, '--store', store()];
  const tune = async (...rest: readonly string[]): Promise<Status> =>
    (await spotJson([...args(...rest), '--format', 'json'])) as Status;

  async function run(configuration: Configuration, options: { readonly fails?: boolean } = {}): Promise<string> {
    runs += 1;
    const appId = `app-2026112112${String(runs).padStart(4, '0')}-0000`;
    const logDir = join(folder, `logs-${runs}`);
    writeRunLog(logDir, {
      appId,
      name: 'etl',
      endedAt: new Date(Date.UTC(2026, 10, 1, 12, runs)),
      durationMs: Math.round(trueMs(TRUTH, configuration, 10 * GIB)),
      inputBytes: 10 * GIB,
      configuration,
      ...options,
    });
    const { code, stderr } = await runSpot(['collect', '--event-log-dir', logDir, '--store', store()]);
    expect(code, stderr).to.equal(0);
    return appId;
  }

  it('tunes from 420 s to less than 60 % in 3 rounds, none above 1.1 of the start, killed with -9 in every command', async () => {
    await run(START);
    await killedOnce(['start', 'etl', '--max-rounds', '3', '--max-executors', '8', '--max-cores', '4']);
    const started = await runSpot(
      args('start', 'etl', '--max-rounds', '3', '--max-executors', '8', '--max-cores', '4'),
    );
    // The killed one may have got as far as keeping it.
    expect(started.code === 0 || started.stderr.includes('TUNING_RUNNING'), started.stderr).to.equal(true);

    let status = await tune('next', 'etl');
    for (let round = 1; status.pending !== undefined; round += 1) {
      const asked = status.pending;
      await killedOnce(['next', 'etl']);
      expect((await tune('next', 'etl')).pending).to.deep.equal(asked);
      await run(asked.configuration);
      await killedOnce(['record', 'etl']);
      status = await tune('next', 'etl');
      expect(status.rounds).to.have.length(round);
    }

    expect(
      status.rounds.map(({ trial }) => trial.durationMs).every((ms) => ms !== undefined && ms <= 1.1 * 420_000),
    ).to.equal(true);
    expect(status.standing.saved).to.be.above(0.4);
    const { best } = status.standing;
    expect(status.properties).to.include({
      'spark.executor.instances': String(best.executors),
      'spark.executor.cores': String(best.coresPerExecutor),
      'spark.sql.shuffle.partitions': String(best.shufflePartitions),
    });
  });

  /** Starts a command and kills it with -9 at a moment of its own; whether it had done its work must not matter. */
  async function killedOnce(command: readonly string[]): Promise<void> {
    const child = startSpot(args(...command));
    const ended = spotEnded(child);
    await delay(200 + Math.random() * 600);
    child.kill('SIGKILL');
    await ended;
  }

  it('counts a run whose last job failed as failed, though Spark calls it completed, and goes back', async () => {
    await run(START);
    await tune('start', 'etl');
    const { pending } = await tune('next', 'etl');
    if (pending === undefined) throw new Error('nothing was proposed');
    const appId = await run(pending.configuration, { fails: true });

    const status = await tune('record', 'etl', appId);

    expect(status.rounds[0]).to.include({ verdict: 'failed' });
    expect((await tune('next', 'etl')).pending).to.deep.include({ kind: 'return', configuration: START });
  });

  it('prints the proposal as a spark-submit of its values, and the best configuration once it was stopped', async () => {
    await run(START);
    await tune('start', 'etl');
    const { pending } = await tune('next', 'etl');
    const { stdout } = await runSpot(args('next', 'etl', '--format', 'spark-submit'));
    expect(stdout).to.match(/^spark-submit/);
    expect(stdout).to.include(
      `--conf spark.sql.shuffle.partitions=${String(pending?.configuration.shufflePartitions)}`,
    );

    expect((await tune('stop', 'etl')).stopped?.reason).to.equal('asked');
    const after = await runSpot(args('next', 'etl', '--format', 'properties'));
    expect(after.stdout).to.include('spark.sql.shuffle.partitions');
    expect(after.stdout).to.include('200');
  });

  it('says what is missing: no run, no session, no new run, a second start, a run of something else', async () => {
    const said = async (...rest: readonly string[]): Promise<string> => (await runSpot(args(...rest))).stderr;
    await run(START);
    expect(await said('status', 'etl')).to.include('TUNING_NOT_STARTED');
    expect(await said('start', 'other')).to.include('SUGGESTION_NO_HISTORY');
    await tune('start', 'etl');
    expect(await said('start', 'etl')).to.include('TUNING_RUNNING');
    expect(await said('record', 'etl')).to.include('TUNING_NOT_PROPOSED');
    await tune('next', 'etl');
    expect(await said('record', 'etl')).to.include('TUNING_NO_NEW_RUN');
    expect((await runSpot(args('nothing'))).code).to.equal(2);
  });
});

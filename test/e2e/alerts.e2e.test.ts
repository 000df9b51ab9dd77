import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AlertTest } from '../../src/app/test-alerts.ts';
import { openAlertSink, type AlertSink } from '../support/alert-sink.ts';
import { runSpot, startSpot } from '../support/run-spot.ts';

const LOGS = fileURLToPath(new URL('../fixtures/spark-corpus/logs', import.meta.url));
/** A message that was tried is tried again after 15 s. */
const UNTIL_NEXT_TRY_MS = 15_500;

describe('spot crawl and its alerts', function () {
  // It waits for the second try, and starts the command line several times on a busy machine.
  this.timeout(90_000);

  let folder: string;
  let sink: AlertSink;
  let config: string;
  let env: Record<string, string>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spot-alerts-'));
    env = { STATE_DIRECTORY: folder };
    sink = await openAlertSink();
    config = join(folder, 'config.ini');
    writeFileSync(
      config,
      [
        '[EVENT_LOGS]',
        `path = ${LOGS}`,
        'cluster = demo',
        '[ALERTS]',
        `webhook_url = ${sink.url}/HOOKSECRET`,
        `slack_url = ${sink.url}/services/SLACKSECRET`,
        // Every cluster is silent at once.
        'no_new_runs_hours = 0.000001',
        'kinds = no-new-runs',
      ].join('\n'),
    );
  });

  afterEach(async () => {
    await sink[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('killed with SIGKILL while a receiver holds a message, sends that one again with the same key, and no other', async () => {
    const hooks = () => sink.received.filter(({ path }) => path === '/HOOKSECRET');
    const slacks = () => sink.received.filter(({ path }) => path.startsWith('/services/'));
    sink.answer = ({ path }) => (path === '/HOOKSECRET' && hooks().length === 1 ? undefined : { status: 200 });
    const child = startSpot(['crawl', '--once', '--config', config], env);
    const exited = once(child, 'exit');
    const killAt = Date.now() + 60_000;
    while ((hooks().length === 0 || slacks().length === 0) && Date.now() < killAt) await sleep(20);
    // The answer to Slack is noted by then.
    await sleep(500);
    child.kill('SIGKILL');
    await exited;
    await sleep(UNTIL_NEXT_TRY_MS);

    const again = await runSpot(['crawl', '--once', '--config', config], env);
    const third = await runSpot(['crawl', '--once', '--config', config], env);

    expect([again.code, third.code]).to.deep.equal([0, 0]);
    expect(slacks()).to.have.length(1);
    expect(hooks()).to.have.length(2);
    expect(new Set(hooks().map(({ headers }) => headers['idempotency-key'])).size).to.equal(1);
    expect(again.stderr + third.stderr).not.to.match(/HOOKSECRET|SLACKSECRET/);
  });

  it('spot alerts test tells which way works, and ends with 1 when one does not', async () => {
    const well = await runSpot(['alerts', 'test', '--config', config, '--format', 'json'], env);
    sink.answer = ({ path }) => ({ status: path === '/HOOKSECRET' ? 410 : 200, body: `gone: ${path}` });
    const broken = await runSpot(['alerts', 'test', '--config', config, '--format', 'json'], env);
    const nobody = await runSpot(['alerts', 'test'], env);

    expect([well.code, broken.code, nobody.code]).to.deep.equal([0, 1, 1]);
    expect((JSON.parse(broken.stdout) as AlertTest[]).map(({ delivered, code }) => [delivered, code])).to.deep.equal([
      [false, 'ALERT_REFUSED'],
      [true, undefined],
    ]);
    expect(well.stdout + broken.stdout + broken.stderr).not.to.match(/HOOKSECRET|SLACKSECRET/);
    expect(nobody.stderr).to.include('Nobody is to be told');
  });

  it('a section that cannot work stops Spot before any work, without showing the secret', async () => {
    writeFileSync(config, '[ALERTS]\nslack_url = hooks.slack.com/services/SLACKSECRET\n');
    const { code, stderr } = await runSpot(['crawl', '--once', '--config', config], env);

    expect(code).to.equal(78);
    expect(stderr).to.include('CONFIG_ALERTS').and.not.to.include('SLACKSECRET');
  });
});

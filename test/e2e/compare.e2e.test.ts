import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRun } from '../../src/app/compare-runs.ts';
import { compareRuns, type Comparison } from '../../src/comparison/compare-runs.ts';
import type { StoredRun } from '../../src/comparison/compared-run.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { runSpot, spotJson } from '../support/run-spot.ts';

const LOGS = fileURLToPath(new URL('../fixtures/spark-corpus/logs', import.meta.url));
const SKEWED = 'app-20261121085601-0000';
const ETL = 'app-20261121083643-0000';

describe('spot compare and check, on event logs of real applications', function () {
  // Starting the command line a dozen times on a busy machine.
  this.timeout(60_000);

  let folder: string;
  let store: string;
  let env: Record<string, string>;
  const runs: StoredRun[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spot-compare-'));
    store = join(folder, 'spot.sqlite');
    env = { STATE_DIRECTORY: folder };
    const { code, stderr } = await runSpot(['collect', '--event-log-dir', LOGS, '--store', `sqlite:${store}`], env);
    expect(code, stderr).to.equal(0);
    await using opened = await SqliteStore.open({ path: store, access: 'read' }, silentLogger);
    for await (const key of opened.findKeys({})) runs.push(await readRun(opened, key));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  const spot = (...args: string[]) => runSpot([...args, '--store', `sqlite:${store}`], env);
  const total = ({ causes }: Comparison): number => causes.reduce((sum, { changeMs }) => sum + changeMs, 0);

  it('explains every millisecond between any two of eleven runs, from logs, from REST rows, and from aggregates alone', () => {
    expect(runs).to.have.length(11);
    const kinds: readonly ((run: StoredRun) => StoredRun)[] = [
      (run) => run,
      ({ aggregate, raw }) => ({ aggregate, raw }),
      ({ aggregate }) => ({ aggregate }),
    ];
    for (const known of kinds)
      for (const before of runs)
        for (const after of runs) {
          const comparison = compareRuns(known(before), known(after));
          expect(total(comparison)).to.equal(comparison.changeMs);
          if (before === after) expect(comparison.causes).to.deep.equal([]);
        }
  });

  it('tells start and driver from REST rows as from the log, to 50 ms', () => {
    const partsOf = (comparison: Comparison): Map<string, number> =>
      new Map(comparison.causes.map(({ id, changeMs }) => [id, changeMs]));
    const ended = runs.filter(({ aggregate }) => aggregate.spot.status === 'completed');
    for (const before of ended)
      for (const after of ended) {
        const [log, rest] = [before, after].every(({ detail }) => detail !== undefined)
          ? [compareRuns(before, after), compareRuns({ ...before, detail: undefined }, { ...after, detail: undefined })]
          : [];
        if (log === undefined || rest === undefined) continue;
        for (const cause of ['start', 'driver'])
          expect(partsOf(rest).get(cause) ?? 0, `${log.before.run} ${log.after.run} ${cause}`).to.be.closeTo(
            partsOf(log).get(cause) ?? 0,
            50,
          );
      }
  });

  it('prints a screen, a value and a page', async () => {
    const json = (await spotJson(
      ['compare', ETL, SKEWED, '--format', 'json', '--store', `sqlite:${store}`],
      env,
    )) as Comparison;
    const screen = await spot('compare', ETL, SKEWED);
    const page = await spot('compare', ETL, SKEWED, '--format', 'markdown');

    expect(total(json)).to.equal(json.changeMs);
    expect([json.before.run, json.after.run]).to.deep.equal([ETL, SKEWED]);
    expect(screen.stdout).to.match(
      /^A app-20261121083643-0000 \(etl\), B app-20261121085601-0000 \(skewed-join\)\n30\.4 s → 16\.6 s: 13\.8 s faster/,
    );
    expect(page.stdout).to.include('## Where it comes from');
    expect([screen.code, page.code, screen.stderr]).to.deep.equal([0, 0, '']);
  });

  it('ends with 0, 1, 2 and 3 as docs/cli.md says', async () => {
    const codes = await Promise.all(
      [
        ['check', SKEWED, '--against', ETL],
        ['check', ETL, '--against', SKEWED],
        ['check', ETL, '--max-slower', 'much'],
        ['check', ETL, '--against', 'last-0'],
        ['check', ETL],
        ['check', 'app-0'],
      ].map(async (args) => (await spot(...args)).code),
    );

    expect(codes).to.deep.equal([0, 1, 2, 2, 3, 1]);
  });

  it('writes JUnit for a failed check with exit code 1, and nothing else on standard output', async () => {
    const { code, stdout } = await spot('check', ETL, '--against', SKEWED, '--format', 'junit');

    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites tests="1" failures="1" errors="0">/,
    );
    expect(stdout.trimEnd()).to.match(/<\/testsuites>$/);
  });
});

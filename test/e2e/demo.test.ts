import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The applications of demo/event-logs and test/fixtures/spark-corpus/logs that have an end, newest end first, as their READMEs name them. */
const EXPECTED = [
  ['app-20261121090257-0000', 'etl'],
  ['app-20261121090103-0000', 'etl'],
  ['app-20261121090009-0000', 'etl'],
  ['app-20261121085917-0000', 'etl'],
  ['app-20261121085806-0000', 'etl'],
  ['app-20261121085723-0000', 'etl'],
  ['app-20261121085601-0000', 'skewed-join'],
  ['app-20261121084923-0000', 'many-joins'],
  ['application_1795250787152_0001/2', 'second-attempt'],
  ['application_1795250787152_0001/1', 'second-attempt'],
  ['app-20261121084635-0000', 'driver-heavy'],
  ['app-20261121084333-0000', 'streaming'],
  ['app-20261121084136-0000', 'idle-executors'],
  ['app-20261121084120-0000', 'spill'],
  ['app-20261121083842-0000', 'failing'],
  ['app-20261121083804-0000', 'retries'],
  ['app-20261121083643-0000', 'etl'],
];

describe('npm run demo', () => {
  it('serves the event logs, crawls them as a client of any History Server, and prints one row for each run, newest end first', async function () {
    this.timeout(90_000);

    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/demo.ts'], {
      cwd: ROOT,
      env: { ...process.env, SPOT_HISTORY_URL: '' },
    });

    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).to.match(/EFFICIENCY +SPEEDUP/);
    expect(rows.map((row) => row.split(/ +/).slice(0, 2))).to.deep.equal(EXPECTED);
    for (const row of rows) expect(row).to.match(/ \d+ % +\d+\.\d+× /);
    expect(stderr).to.include('17 runs stored, 0 could not be read');
    expect(stderr).to.include('npm run -s spot -- show app-');
  });
});

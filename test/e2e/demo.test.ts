import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ApplicationInfo } from '../../src/spark/rest.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RECORDING = new URL('../../demo/history-server/', import.meta.url);

describe('npm run demo', () => {
  it('crawls the 13 recorded applications and prints one row for each, newest end first, with what the server said of it', async function () {
    this.timeout(60_000);
    const applications = JSON.parse(readFileSync(new URL('applications.json', RECORDING), 'utf8')) as ApplicationInfo[];

    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/demo.ts'], {
      cwd: ROOT,
      env: { ...process.env, SPOT_HISTORY_URL: '' },
    });

    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).to.match(/EFFICIENCY +SPEEDUP/);
    // Id, name and user as Spark's own server told them; it lists the newest end first as well.
    expect(rows.map((row) => row.split(/ +/).slice(0, 3))).to.deep.equal(
      applications.map(({ id, name, attempts }) => [id, name, attempts[0]!.sparkUser]),
    );
    for (const row of rows) expect(row).to.match(/ \d+ % +\d+\.\d+× /);
    expect(stderr).to.include('13 runs stored, 0 could not be read');
    expect(stderr).to.include('npm run -s spot -- show app-');
  });
});

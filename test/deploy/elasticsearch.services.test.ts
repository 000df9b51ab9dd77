import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ELASTICSEARCH_VERSIONS, installElasticsearch } from '../../scripts/services/install.ts';

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, '../../deploy/elasticsearch');
const PARSER = join(import.meta.dirname, 'ParseLifecyclePolicy.java');

/** The lifecycle module is not in the distribution of the tests; the classes that read a policy are. */
describe('deploy/elasticsearch', function () {
  this.timeout(300_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-policies-'));
  });

  after(async () => {
    await rm(folder, { recursive: true });
  });

  async function parsed(...files: readonly string[]): Promise<string> {
    const { home, javaHome } = await installElasticsearch(ELASTICSEARCH_VERSIONS[0], { shim: false });
    const classes = [`${home}/lib/*`, `${home}/modules/x-pack-core/*`].join(':');
    return (await run(join(javaHome, 'bin/java'), ['-cp', classes, PARSER, ...files])).stdout.trim();
  }

  it('has policies that the classes of Elasticsearch take: raw and detail go after 90 days, aggregates after 730', async () => {
    const files = ['retired-bulky', 'retired-aggregates'].map((name) => join(FOLDER, `${name}.policy.json`));

    expect((await parsed(...files)).split('\n')).to.deep.equal(['90d [warm, delete]', '730d [warm, delete]']);
  });

  it('would be refused with an action in a phase where it may not stand, or an unknown one', async () => {
    const text = await readFile(join(FOLDER, 'retired-bulky.policy.json'), 'utf8');
    const refusals = [];
    for (const [index, spoilt] of [
      text.replace('"warm"', '"hot"'),
      text.replace('"forcemerge"', '"forcemurge"'),
    ].entries()) {
      const file = join(folder, `${index}.json`);
      await writeFile(file, spoilt);
      refusals.push(await parsed(file).catch((error: unknown) => String(error)));
    }

    expect(refusals[0]).to.include('may not be used in the [hot] phase');
    expect(refusals[1]).to.match(/forcemurge/);
  });

  it('names the same ages in the policies, in its README.md and in the timer of deploy/systemd', async () => {
    const readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
    const service = await readFile(join(FOLDER, '../systemd/spot-prune.service'), 'utf8');

    for (const text of [readme, service]) {
      expect(text).to.include('prune --older-than 90d --keep-agg');
      expect(text).to.include('prune --older-than 730d');
    }
  });
});

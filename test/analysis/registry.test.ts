import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { HEURISTICS } from '../../src/analysis/heuristics/index.ts';

const ROOT = new URL('../../', import.meta.url);

function namesIn(folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, ROOT))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

describe('analysis/heuristics', () => {
  const registered = HEURISTICS.map(({ id }) => id).toSorted();

  it('has a file, a line in the registry, a page and a test for each heuristic, and none without', () => {
    const tests = readdirSync(new URL('test/analysis/heuristics/', ROOT))
      .map((file) => readFileSync(new URL(`test/analysis/heuristics/${file}`, ROOT), 'utf8'))
      .join('\n');
    const described = [...tests.matchAll(/^describe\('analysis\/heuristics\/([\w-]+)'/gm)]
      .map(([, id]) => id)
      .toSorted();

    expect(namesIn('src/analysis/heuristics/', '.ts').filter((name) => name !== 'index')).to.deep.equal(registered);
    expect(namesIn('docs/heuristics/', '.md').filter((name) => name !== 'README')).to.deep.equal(registered);
    expect(described).to.deep.equal(registered);
  });

  for (const { id, failureTitle, thresholds } of HEURISTICS) {
    it(`documents ${id} with the thresholds that it has`, () => {
      const page = readFileSync(new URL(`docs/heuristics/${id}.md`, ROOT), 'utf8');

      expect(page.split('\n', 1)[0]).to.equal(`# ${failureTitle}`);
      for (const [name, limits] of Object.entries(thresholds)) {
        const values =
          'value' in limits
            ? `| \`${name}\` | ${limits.value} | | | | ${limits.unit} |`
            : `| \`${name}\` | ${limits.low} | ${limits.moderate} | ${limits.severe} | ${limits.critical} | ${limits.unit} |`;
        expect(page).to.include(values);
      }
    });
  }

  it('lists every page in docs/heuristics/README.md', () => {
    const index = readFileSync(new URL('docs/heuristics/README.md', ROOT), 'utf8');

    for (const id of registered) expect(index).to.include(`[${id}](${id}.md)`);
  });
});

import { expect } from 'chai';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const CODE =
  /'((?:CONFIG|SOURCE|EVENT_LOG|DOCUMENT|STORE|RUN|MODEL|INTEGRATION|SIMULATION|EVALUATE|CSV|SUGGESTION|TUNING|ALERT)_[A-Z_]+)'/g;

/** Every code that stands in the source as a whole text. */
function codesInSource(): Set<string> {
  const files = globSync('src/**/*.ts', { cwd: root });
  return new Set(
    files.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(CODE)].map((match) => match[1] ?? '')),
  );
}

describe('docs/errors.md', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const headings = [...page.matchAll(/^### (\w+)$/gm)].map((match) => match[1] ?? '');

  it('has a heading for each code of the source, and none that nothing throws', () => {
    expect(headings.toSorted()).to.deep.equal([...codesInSource()].toSorted());
  });

  it('says of each what happened, what it means and what to do', () => {
    for (const part of ['What happened', 'What it means', 'What to do']) {
      expect(page.split(`**${part}.**`).length - 1, part).to.equal(headings.length);
    }
  });
});

import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');
const PAGE = readFileSync(join(DOCS, 'security-asvs.md'), 'utf8');
/** Levels of the requirements of each section, in order; see test/fixtures/asvs/README.md. */
const LEVELS = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/asvs/levels.json'), 'utf8')) as Readonly<
  Record<string, readonly number[]>
>;
const ANSWERS = ['yes', 'operator', 'n/a', 'not shown', 'fail'];

interface Row {
  readonly number: string;
  readonly answer: string;
  readonly why: string;
}

const ROWS: readonly Row[] = [...PAGE.matchAll(/^\| (\d+\.\d+\.(?:\d+|\*)) \| ([^|]+) \| (.+) \|$/gm)].map(
  ([, number = '', answer = '', why = '']) => ({ number, answer, why }),
);

/** Numbers of the requirements of level 1 and 2. */
function numbersOf(section: string): string[] {
  return (LEVELS[section] ?? []).flatMap((level, index) => (level <= 2 ? [`${section}.${index + 1}`] : []));
}

function coveredBy({ number }: Row): readonly string[] {
  return number.endsWith('.*') ? numbersOf(number.slice(0, -2)) : [number];
}

function linksIn(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** As GitHub makes the anchor of a heading. */
function anchorsIn(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}

describe('S16: docs/security-asvs.md', () => {
  it('goes by the list of ASVS 5.0.0: 345 requirements, of which 70 are of level 1 and 183 of level 2', () => {
    const levels = Object.values(LEVELS).flat();

    // As the standard counts itself.
    expect([1, 2, 3].map((level) => levels.filter((one) => one === level).length)).to.deep.equal([70, 183, 92]);
  });

  it('answers each of the 253 requirements of level 1 and 2, once', () => {
    const answered = ROWS.flatMap(coveredBy);

    expect(answered.toSorted()).to.deep.equal(Object.keys(LEVELS).flatMap(numbersOf).sort());
  });

  it('fails none, says why of each, and has a link for each that it says is so', () => {
    for (const { number, answer, why } of ROWS) {
      expect(ANSWERS, number).to.include(answer);
      expect(answer, number).to.not.equal('fail');
      expect(why.length, number).to.be.above(5);
      if (answer !== 'n/a') expect(linksIn(why), number).to.not.be.empty;
    }
  });

  it('has no link that leads nowhere, and neither has docs/security.md', () => {
    for (const page of ['security-asvs.md', 'security.md']) {
      for (const link of linksIn(readFileSync(join(DOCS, page), 'utf8'))) {
        if (link.startsWith('https://')) continue;
        const [path = '', anchor] = link.split('#');
        const target = join(DOCS, path === '' ? page : path);
        expect(existsSync(target), `${page}: ${link}`).to.equal(true);
        if (anchor !== undefined)
          expect(anchorsIn(readFileSync(target, 'utf8')), `${page}: ${link}`).to.include(anchor);
      }
    }
  });

  it('counts its answers right', () => {
    const told = ANSWERS.map((answer) => {
      const [, count] = new RegExp(`^\\| ${answer} \\|.*\\| (\\d+) \\|$`, 'm').exec(PAGE) ?? [];
      return [answer, Number(count)];
    });

    const counted = ANSWERS.map((answer) => [
      answer,
      ROWS.filter((row) => row.answer === answer).flatMap(coveredBy).length,
    ]);
    expect(told).to.deep.equal(counted);
  });
});

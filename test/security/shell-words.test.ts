import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellWord } from '../../src/setter/fragments/shell-word.ts';
import { testSeed } from '../faults/test-seed.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SHELLS = ['sh', 'bash', 'dash'] as const;
const WORDS = 100_000;
const AT_A_TIME = 1000;
/** What a shell does something with, and what would show if it did. */
const SPECIAL = [
  ...Array.from(`'"\`$\\!#&|;<>(){}[]*?~=%^ -\n\t\r`),
  '$(touch hit)',
  '`touch hit`',
  '; touch hit;',
  '\ntouch hit\n',
  '> hit',
  '&& touch hit',
  '${IFS}',
  "'\\''",
  '\u001b[2J',
  '\u2028',
  'é',
  '😀',
];

/** A text of up to 12 pieces: what is special to a shell, letters, any other character but NUL. */
function randomWord(random: () => number): string {
  const below = (end: number): number => Math.floor(random() * end);
  return Array.from({ length: below(13) }, () => {
    const kind = random();
    if (kind < 0.6) return SPECIAL[below(SPECIAL.length)] ?? '';
    return String.fromCodePoint(kind < 0.8 ? 97 + below(26) : 1 + below(0xd7ff));
  }).join('');
}

describe('S5: words of a shell line', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spot-words-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The arguments that a program of the shell gets, each with a NUL behind it. */
  function argumentsIn(shell: string, line: string): Buffer {
    const options = { cwd: folder, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, maxBuffer: 64 * 1024 ** 2 };
    return spawnSync(shell, ['-c', `printf '%s\\0' ${line}`], options).stdout;
  }

  for (const shell of SHELLS) {
    it(`${WORDS} random ones come through a real ${shell} byte for byte, and nothing in them is run`, function () {
      if (spawnSync(shell, ['-c', ':']).status !== 0) this.skip();
      const random = seededRandom(testSeed(`words for ${shell}`));

      for (let done = 0; done < WORDS; done += AT_A_TIME) {
        const words = Array.from({ length: AT_A_TIME }, () => randomWord(random));
        const got = argumentsIn(shell, words.map(shellWord).join(' '));
        expect(got.equals(Buffer.from(words.map((word) => `${word}\0`).join(''))), `words ${done} and on`).to.equal(
          true,
        );
      }

      expect(readdirSync(folder)).to.deep.equal([]);
    });
  }

  it('negative control: between double quotes some would be run, and their files are seen', () => {
    const random = seededRandom(1);

    for (let word = 0; word < 200; word++) argumentsIn('sh', `"${randomWord(random).replaceAll('"', '')}"`);

    expect(readdirSync(folder)).to.include('hit');
  });
});

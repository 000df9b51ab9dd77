import { expect } from 'chai';
import { createContext, Script } from 'node:vm';
import { analyse } from 'scslre';
import { hostileTexts, regExpsOfSource, toRegExp } from './regular-expressions.ts';

/** S10: what an answer, a log or a name of a megabyte may cost: 50 ms for each 100 KB. */
const LENGTH = 100_000;
const LONGEST_MS = 50;

/**
 * Expressions that are slow for long texts, and why theirs are short. They are timed with that length.
 *
 * Whoever adds one says what bounds its text; the better thing is an expression that needs no line here.
 */
const BOUNDED: readonly { readonly regExp: RegExp; readonly length: number; readonly because: string }[] = [
  { regExp: /\/+$/, length: 4000, because: 'an address of config.ini, which its owner writes' },
  {
    regExp: /granted by the (\w+) privileges \[([^\]]+)\]/,
    length: 600,
    because: 'a reason of Elasticsearch is cut at 500',
  },
  { regExp: /action \[[^\]]+\]/, length: 600, because: 'the same reason' },
  { regExp: /\B(?=(?:\d{3})+$)/g, length: 400, because: 'the digits of one number' },
  { regExp: /,(?![^(]*\))/, length: 5000, because: 'LONGEST_FILTERS' },
];

/** What the analysis warns of without need: nothing behind the part that repeats can fail, so nothing is tried twice. */
const NEVER_FAILS: readonly RegExp[] = [
  /\?.*$/s,
  /,? ?(\.\.\.)?".*$/s,
  /;.*$/s,
  /[?#].*$/s,
  /^(Scan \S+).*$/s,
  /^(\w+Bytes) (\d+) → (\d+)(.*)$/s,
];

/** Expressions that are made while Spot runs, by the file of the code that makes them, and what they then are. */
const MADE: Readonly<Record<string, () => RegExp | Promise<RegExp>>> = {
  'src/util/redaction/secret-shapes.ts': tokens,
  'src/analysis/computed/stage-sizing.ts': () => /Partitioning\([^()]*\b200\)/,
  'src/money/fields.ts': () => /"name"\s*:/,
};

/** The one that is made when its module is loaded. */
async function tokens(): Promise<RegExp> {
  const made: RegExp[] = [];
  const original = globalThis.RegExp;
  globalThis.RegExp = new Proxy(original, {
    construct(target, args: [string, string?]) {
      const one = new target(...args);
      made.push(one);
      return one;
    },
  });
  try {
    const address = new URL('../../src/util/redaction/secret-shapes.ts?anew', import.meta.url);
    await import(address.href);
  } finally {
    globalThis.RegExp = original;
  }
  expect(made).to.have.lengthOf(1);
  return made[0] ?? /never/;
}

const found = regExpsOfSource();
const literals = [...new Map(found.filter(({ isMade }) => !isMade).map((one) => [one.text, one])).values()];

/** Milliseconds for the worst of the texts: of three tries the best, for the machine does other things too. */
function slowest(regExp: RegExp, length: number): { readonly ms: number; readonly start: string } {
  let worst = { ms: 0, start: '' };
  for (const text of hostileTexts(regExp, length)) {
    let best = Infinity;
    for (let attempt = 0; attempt < 3 && best > LONGEST_MS; attempt += 1)
      best = Math.min(best, millisecondsOf(regExp, text));
    if (best > worst.ms) worst = { ms: best, start: text.slice(0, 60) };
    if (worst.ms > LONGEST_MS) return worst;
  }
  return worst;
}

const CONTEXT = createContext({ regExp: /x/, text: '' });
const SEARCH = new Script("regExp.global ? text.replace(regExp, '') : regExp.exec(text)");

/** At most twice what is allowed: then the search is broken off. */
function millisecondsOf(regExp: RegExp, text: string): number {
  regExp.lastIndex = 0;
  Object.assign(CONTEXT, { regExp, text });
  const startedAt = performance.now();
  try {
    SEARCH.runInContext(CONTEXT, { timeout: 2 * LONGEST_MS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
  }
  return performance.now() - startedAt;
}

describe('regular expressions of the source', function () {
  this.timeout(120_000);

  it('are found, more than 200 of them', () => {
    expect(literals.length).to.be.above(200);
  });

  for (const { file, text } of literals) {
    const bound = BOUNDED.find(({ regExp }) => String(regExp) === text);
    it(`need at most ${LONGEST_MS} ms for ${bound?.length ?? LENGTH} hostile characters: ${file} ${text.slice(0, 60)}`, () => {
      const { ms, start } = slowest(toRegExp(text), bound?.length ?? LENGTH);

      expect(ms, `${text} on ${JSON.stringify(start)}…`).to.be.at.most(LONGEST_MS);
      if (bound !== undefined || NEVER_FAILS.some((regExp) => String(regExp) === text)) return;
      // Without running it: no two ways to match the same text, and no way to begin again behind every character.
      const { source, flags } = toRegExp(text);
      const reports = analyse({ source, flags }).reports.map(
        ({ type, exponential }) => `${type}${exponential ? ', exponential' : ''}`,
      );
      expect(reports, text).to.deep.equal([]);
    });
  }

  it('that are made while Spot runs are these, and each is as fast', async () => {
    const made = found.filter(({ isMade }) => isMade).map(({ file }) => file);

    expect(made.sort()).to.deep.equal(Object.keys(MADE).sort());
    for (const [code, make] of Object.entries(MADE))
      expect(slowest(await make(), LENGTH).ms, code).to.be.at.most(LONGEST_MS);
  });

  it('that have a line here are still there', () => {
    const texts = new Set(literals.map(({ text }) => text));

    expect(
      [...BOUNDED.map(({ regExp }) => regExp), ...NEVER_FAILS].map(String).filter((text) => !texts.has(text)),
    ).to.deep.equal([]);
  });

  for (const text of ['/(a+)+$/', '/\\/+$/', '/x \\[([^\\]]*)\\]/', '/^(.*) at (.*):\\d+$/'])
    it(`would be told of ${text}, which is slow`, () => {
      expect(slowest(toRegExp(text), LENGTH).ms).to.be.above(LONGEST_MS);
    });
});

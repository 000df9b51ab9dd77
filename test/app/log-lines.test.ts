import { expect } from 'chai';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testSeed } from '../faults/test-seed.ts';

const WRITER = fileURLToPath(new URL('log-writer.ts', import.meta.url));
const LINES = 10_000;

/** Texts that forge or hide lines where nobody takes care, and any other. */
const hostile = fc.oneof(
  fc.constantFrom(
    'a\r\n{"level":"error","message":"forged"}',
    '"}\n{"level":"error"',
    '\u001b[2K\u001b[1A\u001b[31mred',
    '\u202eevil\u2066',
    'a\u2028b\u2029c\u0085d',
    'before\ud800after',
    '\udc00',
    '\u0000',
    '__proto__',
    'constructor',
    '%s %d %j %o',
    '\\u000a\\n',
    '\ufeff',
    '',
  ),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.nat(0xff_ff).map((code) => String.fromCharCode(code)) }),
);
const value = fc.oneof(
  hostile,
  fc.double(),
  fc.bigInt(),
  fc.constant(null),
  fc.boolean(),
  fc.array(hostile, { maxLength: 3 }),
  fc.dictionary(hostile, hostile, { maxKeys: 3 }),
);
const entry = fc.record({
  message: hostile,
  fields: fc.array(
    fc.tuple(
      fc.oneof({ weight: 3, arbitrary: fc.constantFrom('runId', 'name', 'level', 'message', 'timestamp') }, hostile),
      value,
    ),
    {
      maxLength: 4,
    },
  ),
});

/** S14. The lines are written by another process, as the daemon writes them: to its standard error and to files. */
describe('app/logging', function () {
  this.timeout(60_000);
  const seed = testSeed('log lines');
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'spot-log-lines-'));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it(`writes ${LINES} lines with any name in them as exactly so many lines, each valid JSON or without a character that moves the cursor`, () => {
    const entries = fc.sample(entry, { numRuns: LINES, seed });
    const input = join(folder, 'entries.json');
    // A lone surrogate passes JSON as an escape.
    writeFileSync(
      input,
      JSON.stringify(entries, (_, one: unknown) => (typeof one === 'bigint' ? { bigint: String(one) } : one)),
    );

    const { status, stderr } = spawnSync(process.execPath, [WRITER, folder], {
      encoding: 'utf8',
      maxBuffer: 1024 ** 3,
    });

    expect(status, stderr.slice(0, 500)).to.equal(0);
    for (const text of [stderr, readFileSync(join(folder, 'json.log'), 'utf8')]) expectJsonLines(text);
    const text = readFileSync(join(folder, 'text.log'), 'utf8');
    const lines = text.split('\n');
    expect(lines.pop()).to.equal('');
    expect(lines).to.have.lengthOf(LINES);
    expect(lines.filter((line) => !/^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}/.test(line))).to.deep.equal([]);
    expect(lines.filter((line) => /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(line))).to.deep.equal([]);
  });

  function expectJsonLines(text: string): void {
    const lines = text.split('\n');
    expect(lines.pop()).to.equal('');
    expect(lines).to.have.lengthOf(LINES);
    for (const line of lines) {
      const { level, timestamp } = JSON.parse(line) as Record<string, unknown>;
      // Neither forged nor replaced by a field of the same name.
      expect(level).to.equal('info');
      expect(timestamp).to.match(/^\d{4}-\d\d-\d\dT/);
    }
  }
});

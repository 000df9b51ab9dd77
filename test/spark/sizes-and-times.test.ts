import { expect } from 'chai';
import fc from 'fast-check';
import { parseByteSize, type ByteUnit } from '../../src/spark/byte-size.ts';
import { parseTimeSpan, type TimeUnit } from '../../src/spark/time-span.ts';

const KIB = 1024;

describe('spark/byte-size', () => {
  // By hand: every unit of Spark is a power of 1024.
  const sizes: readonly (readonly [string, ByteUnit, number | bigint])[] = [
    ['1b', 'm', 1],
    ['1k', 'b', KIB],
    ['1kb', 'b', KIB],
    ['1m', 'b', KIB ** 2],
    ['1MB', 'b', KIB ** 2],
    ['2g', 'b', 2 * KIB ** 3],
    ['2Gb', 'b', 2 * KIB ** 3],
    ['3t', 'b', 3 * KIB ** 4],
    ['3tb', 'b', 3 * KIB ** 4],
    ['1p', 'b', KIB ** 5],
    ['1PB', 'b', KIB ** 5],
    ['1024', 'b', 1024],
    ['384', 'm', 384 * KIB ** 2],
    ['32', 'k', 32 * KIB],
    ['0', 'm', 0],
    ['-0', 'm', 0],
    ['-1', 'b', -1],
    ['-1', 'm', -1048576],
    ['  512M ', 'b', 512 * KIB ** 2],
    ['20 MB', 'b', 20 * KIB ** 2],
    ['1.5g', 'b', 1610612736],
    ['12.5g', 'b', 13421772800],
    ['0.5k', 'b', 512],
    ['9007199254740993', 'b', 9007199254740993n],
    ['9223372036854775807', 'b', 2n ** 63n - 1n],
    ['8191p', 'b', 8191n * 2n ** 50n],
  ];
  for (const [text, bare, bytes] of sizes) {
    it(`reads ${JSON.stringify(text)} (bare number: ${bare}) as ${bytes} bytes`, () => {
      expect(parseByteSize(text, bare)).to.equal(bytes);
    });
  }

  for (const junk of [
    '',
    ' ',
    'g',
    '1x',
    '1e9',
    '1,5g',
    '1.g',
    '.5g',
    '--1',
    '+1g',
    '1gg',
    '128MiB',
    '1 2m',
    '9223372036854775808',
    '8192p',
    'constructor',
    '1__proto__',
    '1'.repeat(100_000),
  ]) {
    it(`takes ${JSON.stringify(junk.slice(0, 20))} for no size`, () => {
      expect(parseByteSize(junk, 'b')).to.equal(undefined);
    });
  }

  it('scales every whole number exactly, in any unit', () => {
    const units = [
      ['', 0],
      ['b', 0],
      ['k', 1],
      ['mb', 2],
      ['g', 3],
      ['tb', 4],
      ['p', 5],
    ] as const;
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
        fc.constantFrom(...units),
        (count, [unit, power]) => {
          const exact = count * 1024n ** BigInt(power);
          const size = parseByteSize(`${count}${unit}`, 'b');
          const fits = exact < 2n ** 63n && exact > -(2n ** 63n);
          expect(size === undefined ? undefined : BigInt(size)).to.equal(fits ? exact : undefined);
        },
      ),
    );
  });
});

describe('spark/time-span', () => {
  // By hand.
  const spans: readonly (readonly [string, TimeUnit, number])[] = [
    ['100us', 's', 0.1],
    ['250ms', 's', 250],
    ['10s', 'ms', 10_000],
    ['5m', 's', 300_000],
    ['5min', 's', 300_000],
    ['2h', 's', 7_200_000],
    ['1d', 's', 86_400_000],
    ['300', 's', 300_000],
    ['3000', 'ms', 3000],
    ['-1', 's', -1000],
    [' 10S ', 'ms', 10_000],
    ['300 s', 'ms', 300_000],
    ['1.5h', 's', 5_400_000],
  ];
  for (const [text, bare, ms] of spans) {
    it(`reads ${JSON.stringify(text)} (bare number: ${bare}) as ${ms} ms`, () => {
      expect(parseTimeSpan(text, bare)).to.equal(ms);
    });
  }

  for (const junk of ['', 's', '1w', '1e3', '5 minutes', 'ten', '1kb']) {
    it(`takes ${JSON.stringify(junk)} for no time span`, () => {
      expect(parseTimeSpan(junk, 's')).to.equal(undefined);
    });
  }
});

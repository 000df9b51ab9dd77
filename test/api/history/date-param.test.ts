import { expect } from 'chai';
import { parseDate } from '../../../src/api/history/date-param.ts';
import { parseDouble } from '../../../src/api/history/double-param.ts';

const DAY = Date.UTC(2026, 10, 21);
const TIME = Date.UTC(2026, 10, 21, 8, 56, 16, 309);
const HOUR = 3_600_000;
const T = '2026-11-21T08:56:16.309';

// Expected values: what a History Server of Spark 4.0.1 made of the same texts, seen by which applications it listed.
describe('api/history/date-param', () => {
  const TIMES: readonly (readonly [text: string, time: number])[] = [
    [`${T}GMT`, TIME],
    [`${T}UTC`, TIME],
    [`${T}gmt`, TIME],
    [`${T} GMT`, TIME],
    [`${T}GMTx`, TIME],
    [`${T}+0100`, TIME - HOUR],
    [`${T}  +0100`, TIME - HOUR],
    [`${T}-0230`, TIME + 2.5 * HOUR],
    [`${T}GMT+01:00`, TIME - HOUR],
    [`${T}GMT+1:00`, TIME - HOUR],
    [`${T}CET`, TIME - HOUR],
    [`${T}cest`, TIME - 2 * HOUR],
    [`${T}PDT`, TIME + 7 * HOUR],
    [`${T}ESTx`, TIME + 5 * HOUR],
    ['2026-11-21T8:56:16.309GMT', TIME],
    ['2026-11-21T08:55:76.309GMT', TIME],
    ['2026-11-20T32:56:16.309GMT', TIME],
    ['2025-23-21T08:56:16.309GMT', TIME],
    [' 2026- 11-21T08:56:16.309GMT', TIME],
    ['2026-11-21T08:56:16.000000309GMT', TIME],
    ['2026-11-21T08:56:16.309000GMT', TIME + 308_691],
    ['2026-11-21T08:56:16.3GMT', TIME - 306],
  ];
  for (const [text, time] of TIMES) {
    it(`reads "${text}" to the millisecond`, () => {
      expect(parseDate(text)).to.equal(time);
    });
  }

  const DAYS = [
    '2026-11-21',
    '2026-11-21x',
    `${T}Z`,
    `${T}+01:00`,
    `${T}GMT+0100`,
    `${T}GMT+`,
    `${T}+2400`,
    `${T}+0160`,
    `${T}XYZ`,
    T,
    '2026-11-21T08:56:16GMT',
    '2026-11-21 08:56:16.309GMT',
    '2026-11-21t08:56:16.309GMT',
    '2026-10-52',
  ];
  for (const text of DAYS) {
    it(`takes "${text}" for midnight GMT, without a word`, () => {
      expect(parseDate(text)).to.equal(DAY);
    });
  }

  for (const text of ['', 'abc', '2026', '2026-11', '2026-11-', '1700000000000', '2026 -11-21', '+2026-11-21']) {
    it(`refuses "${text}"`, () => {
      expect(parseDate(text)).to.equal(undefined);
    });
  }

  it('takes years beyond what a Date holds for later than any run', () => {
    expect(parseDate('275761-01-01')).to.equal(Infinity);
  });
});

// Expected values: java.lang.Double.parseDouble, as the server's quantiles showed it.
describe('api/history/double-param', () => {
  it('reads what Java reads as a double', () => {
    const texts = ['0.5', ' 0.5 ', '1', '1.', '.5', '1e-1', '0.25f', '0.25D', '-1', '+0.5', 'Infinity', '-Infinity'];

    expect(texts.map(parseDouble)).to.deep.equal([0.5, 0.5, 1, 1, 0.5, 0.1, 0.25, 0.25, -1, 0.5, Infinity, -Infinity]);
    expect(parseDouble('NaN')).to.satisfy(Number.isNaN);
  });

  it('refuses anything else', () => {
    for (const text of ['', '.', 'abc', '1,5', '1_000', '0x', 'e5', 'nan', '1ff']) {
      expect(parseDouble(text), text).to.equal(undefined);
    }
  });
});

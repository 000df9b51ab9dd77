import { expect } from 'chai';
import fc from 'fast-check';
import {
  formatIsoTime,
  formatRestTime,
  parseIsoTime,
  parseRestTime,
  restToIsoTime,
} from '../../src/spark/rest-time.ts';

/** From the year 1000 to the year 9999, so that the year has four digits. */
const epochMs = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });

describe('spark/rest-time', () => {
  // Text and number stand side by side in a History Server's answer: `startTime` and `startTimeEpoch`.
  it('reads 2026-11-21T08:04:06.819GMT as 1795248246819, as the History Server does', () => {
    expect(parseRestTime('2026-11-21T08:04:06.819GMT')).to.equal(1795248246819);
  });

  it('reads the end of an attempt that has none as -1', () => {
    expect(parseRestTime('1969-12-31T23:59:59.999GMT')).to.equal(-1);
  });

  it('agrees with the Date of JavaScript on every millisecond, to and fro', () => {
    fc.assert(
      fc.property(epochMs, (ms) => {
        const iso = new Date(ms).toISOString();
        expect(parseRestTime(iso.replace('Z', 'GMT'))).to.equal(ms);
        expect(formatRestTime(ms)).to.equal(iso.replace('Z', 'GMT'));
        expect(parseIsoTime(formatIsoTime(ms))).to.equal(ms);
        expect(Date.parse(formatIsoTime(ms))).to.equal(ms);
      }),
    );
  });

  for (const text of [
    '2026-11-21T08:04:06.819Z',
    '2026-11-21T08:04:06.819+0000',
    '2026-11-21T08:04:06GMT',
    '2026-11-21T08:04:06.81GMT ',
    '2026-11-21T08:04:06,819GMT',
    '2026-02-29T00:00:00.000GMT',
    '1900-02-29T00:00:00.000GMT',
    '2026-04-31T00:00:00.000GMT',
    '2026-13-01T00:00:00.000GMT',
    '2026-00-01T00:00:00.000GMT',
    '2026-01-00T00:00:00.000GMT',
    '2026-01-01T24:00:00.000GMT',
    '2026-01-01T00:60:00.000GMT',
    '2026-01-01T00:00:60.000GMT',
    '2026-01-01T00:00:0x.000GMT',
    '+026-01-01T00:00:00.000GMT',
    '1795248246819',
    '',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(parseRestTime(text)).to.equal(undefined);
      expect(restToIsoTime(text)).to.equal(undefined);
    });
  }

  it('knows the leap days of 2024 and 2000', () => {
    expect(parseRestTime('2024-02-29T00:00:00.000GMT')).to.equal(Date.UTC(2024, 1, 29));
    expect(parseRestTime('2000-02-29T00:00:00.000GMT')).to.equal(Date.UTC(2000, 1, 29));
  });

  // The spelling was read in documents that AbsaOSS Spot stored.
  it('writes six fraction digits and +00:00, and no fraction when it is zero', () => {
    expect(restToIsoTime('2026-11-21T08:13:31.928GMT')).to.equal('2026-11-21T08:13:31.928000+00:00');
    expect(restToIsoTime('2026-11-21T08:13:31.000GMT')).to.equal('2026-11-21T08:13:31+00:00');
    expect(formatIsoTime(Date.UTC(2026, 10, 21, 8, 13, 31, 928))).to.equal('2026-11-21T08:13:31.928000+00:00');
  });

  it('reads its own ISO spelling with and without fraction, and no other', () => {
    expect(parseIsoTime('2026-11-21T08:13:31+00:00')).to.equal(Date.UTC(2026, 10, 21, 8, 13, 31));
    expect(parseIsoTime('2026-11-21T08:13:31.928574+00:00')).to.equal(Date.UTC(2026, 10, 21, 8, 13, 31, 928));
    for (const other of [
      '2026-11-21T08:13:31Z',
      '2026-11-21T08:13:31+01:00',
      '2026-11-21T08:13:31.928+00:00',
      '2026-11-21',
    ]) {
      expect(parseIsoTime(other), other).to.equal(undefined);
    }
  });

  it('keeps the order of times in the order of their text', () => {
    fc.assert(
      fc.property(epochMs, epochMs, (left, right) => {
        expect(formatIsoTime(left) < formatIsoTime(right)).to.equal(left < right);
      }),
    );
    expect(formatIsoTime(1000) < formatIsoTime(1001), 'a second without fraction before one with').to.equal(true);
  });
});

import { expect } from 'chai';
import { table, type Column } from '../../src/cli/table.ts';
import { parseCount, parseMoment } from '../../src/cli/time-argument.ts';
import { bytesText, durationText, percentText, timeText } from '../../src/cli/units.ts';

describe('cli/table', () => {
  const columns: readonly Column<{ name: string; size?: string }>[] = [
    { title: 'NAME', cell: (row) => row.name },
    { title: 'SIZE', align: 'right', cell: (row) => row.size, optional: true },
  ];

  it('aligns columns and shows what is not measured as -', () => {
    expect(table([{ name: 'etl', size: '12' }, { name: 'a long name' }], columns)).to.equal(
      ['NAME         SIZE', 'etl            12', 'a long name     -'].join('\n'),
    );
  });

  it('leaves optional columns out when the terminal is too narrow', () => {
    expect(table([{ name: 'etl', size: '12' }], columns, 8)).to.equal('NAME\netl');
  });

  it('lets no name rearrange the terminal', () => {
    expect(table([{ name: 'a\u001b[31mb\nc\u202ed' }], columns.slice(0, 1))).to.equal('NAME\na�[31mb�c�d');
  });

  it('counts wide characters as two columns', () => {
    expect(table([{ name: '数据', size: '1' }], columns)).to.equal('NAME  SIZE\n数据     1');
  });
});

describe('cli/units', () => {
  it('says durations as a person does', () => {
    expect([0, 850, 12_340, 245_000, 7_620_000, 273_600_000, -1500].map(durationText)).to.deep.equal([
      '0 ms',
      '850 ms',
      '12.3 s',
      '4 m 05 s',
      '2 h 07 m',
      '3 d 4 h',
      '-1.5 s',
    ]);
  });

  it('says bytes in powers of 1024', () => {
    expect([0, 512, 1536, 1_048_000, 5 * 1024 ** 3, 3 * 1024 ** 6].map(bytesText)).to.deep.equal([
      '0 B',
      '512 B',
      '1.50 KiB',
      '1023 KiB',
      '5.00 GiB',
      '3072 PiB',
    ]);
  });

  it('says shares in percent and times in UTC', () => {
    expect(percentText(0.834)).to.equal('83 %');
    expect(timeText('2026-11-21T08:04:06.819000+00:00')).to.equal('2026-11-21 08:04');
  });
});

describe('cli/time-argument', () => {
  const now = new Date('2026-11-21T12:00:00Z');

  it('reads a time as UTC unless it has a zone', () => {
    expect(parseMoment('2026-11-01T10:00:00', now).toISOString()).to.equal('2026-11-01T10:00:00.000Z');
    expect(parseMoment('2026-11-01T10:00:00+02:00', now).toISOString()).to.equal('2026-11-01T08:00:00.000Z');
    expect(parseMoment('2026-11-01', now).toISOString()).to.equal('2026-11-01T00:00:00.000Z');
  });

  it('reads how long ago', () => {
    expect(parseMoment('90m', now).toISOString()).to.equal('2026-11-21T10:30:00.000Z');
    expect(parseMoment('2w', now).toISOString()).to.equal('2026-11-07T12:00:00.000Z');
  });

  it('refuses what is no time and no count', () => {
    expect(() => parseMoment('yesterday', now)).to.throw('write a time');
    expect(() => parseCount('-1')).to.throw('whole number');
    expect(() => parseCount('2.5')).to.throw('whole number');
  });
});

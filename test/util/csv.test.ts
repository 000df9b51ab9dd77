import { expect } from 'chai';
import { SpotError } from '../../src/util/errors.ts';
import { parseCsv } from '../../src/util/csv.ts';

// Expected values: RFC 4180, section 2, by hand.
describe('util/csv', () => {
  it('names the fields of each record by the header', () => {
    expect(parseCsv('a,b\n1,2\n3,4\n')).to.deep.equal([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
  });

  it('reads quoted fields with commas, line breaks and doubled quotes', () => {
    expect(parseCsv('a,b\r\n"x,y","say ""hi""\nthere"\r\n')).to.deep.equal([{ a: 'x,y', b: 'say "hi"\nthere' }]);
  });

  it('keeps empty fields, also the last one of a file without a final line break', () => {
    expect(parseCsv('a,b,c\n,,')).to.deep.equal([{ a: '', b: '', c: '' }]);
  });

  it('skips a byte order mark and empty lines, and gives nothing for an empty text', () => {
    expect(parseCsv('\uFEFFa\n\n1\n\n')).to.deep.equal([{ a: '1' }]);
    expect(parseCsv('')).to.deep.equal([]);
  });

  it('refuses a record of another length than the header, by its number', () => {
    expect(() => parseCsv('a,b\n1,2\n3\n'))
      .to.throw(SpotError, 'Record 2 has 1 fields')
      .with.property('code', 'CSV_MALFORMED');
  });

  it('refuses a quote that is not closed', () => {
    expect(() => parseCsv('a,b\n"1,2\n'))
      .to.throw(SpotError)
      .with.property('code', 'CSV_MALFORMED');
  });
});

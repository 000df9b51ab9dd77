import { expect } from 'chai';
import { zstdCompressSync } from 'node:zlib';
import { decodeDocument, encodeDocument, encodeDocumentWith } from '../../../src/store/sqlite/document-codec.ts';
import { StoreError } from '../../../src/util/errors.ts';

/** A document whose JSON has exactly so many bytes: {"text":"…"} is 11 and the text. */
const ofBytes = (bytes: number) => ({ text: 'x'.repeat(bytes - 11) });

describe('store/sqlite/document-codec', () => {
  it('gives back documents of 11 to 5000 bytes as they were, a bigint and letters of four bytes among them', () => {
    const documents = [11, 4095, 4096, 4097, 5000].map(ofBytes);
    for (const document of [...documents, { long: 2n ** 60n, text: '\u{1F600} ü' }, [], null])
      expect(decodeDocument(encodeDocument(document), 'id')).to.deep.equal(document);
  });

  it('compresses from 4097 bytes of JSON on', () => {
    expect(encodeDocument(ofBytes(4096))).to.have.length(4096 + 5);
    expect(encodeDocument(ofBytes(4097)).length).to.be.below(100);
  });

  it('finds each single flipped bit of a small document, and each place at which it could be cut', () => {
    const bytes = encodeDocument({ durationMs: 600_000, tag: 'nightly' });
    const damaged = [
      ...Array.from({ length: 8 * bytes.length }, (_, bit) =>
        bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
      ),
      ...Array.from(bytes, (_, end) => bytes.subarray(0, end)),
    ];

    for (const each of damaged)
      expect(() => decodeDocument(each, 'id'))
        .to.throw(StoreError)
        .with.property('code', 'STORE_CORRUPT');
  });

  /** A document with a list of pairs in its middle, and letters of several bytes before and behind it. */
  const withList = (name: string, list: readonly unknown[]) => ({
    name: `${name} \u{1F600}`,
    inner: { list, after: 'ü'.repeat(20) },
    long: 2n ** 60n,
  });
  const encodeWithList = (name: string, list: readonly unknown[]) =>
    encodeDocumentWith(list, (hole) => withList(name, hole as unknown as readonly unknown[]));

  it('gives back documents that share a frozen list as they were, wherever the list stands and whatever its texts', () => {
    const list = Object.freeze([
      ['a', 'x'.repeat(5000)],
      ['"quoted": [', 'hole \u{1F600}'],
    ]);

    for (const name of ['first', 'second', '"],[{'])
      expect(decodeDocument(encodeWithList(name, list), 'id')).to.deep.equal(withList(name, list));
    const alone = encodeDocumentWith(list, (hole) => hole);
    expect(decodeDocument(alone, 'id')).to.deep.equal(list);
  });

  it('finds each single flipped bit of a document with a shared list, and each place at which it could be cut', () => {
    const bytes = encodeWithList('nightly', Object.freeze([['fs.defaultFS', 'hdfs://nn']]));
    const damaged = [
      ...Array.from({ length: 8 * bytes.length }, (_, bit) =>
        bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
      ),
      ...Array.from(bytes, (_, end) => bytes.subarray(0, end)),
    ];

    const accepted = damaged.filter((each) => {
      try {
        // A frame of zstd has bits that mean nothing; what counts is that no other document comes out.
        expect(decodeDocument(each, 'id')).to.deep.equal(withList('nightly', [['fs.defaultFS', 'hdfs://nn']]));
        return true;
      } catch (error) {
        expect(error).to.be.instanceOf(StoreError).with.property('code', 'STORE_CORRUPT');
        return false;
      }
    });
    expect(accepted.length / damaged.length).to.be.below(0.02);
  });

  it('reads a small document that was compressed, as stores of before have it', () => {
    expect(decodeDocument(zstdCompressSync('{"a":1}'), 'id')).to.deep.equal({ a: 1 });
  });
});

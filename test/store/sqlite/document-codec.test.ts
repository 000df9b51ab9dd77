import { expect } from 'chai';
import { zstdCompressSync } from 'node:zlib';
import { decodeDocument, encodeDocument } from '../../../src/store/sqlite/document-codec.ts';
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

  it('reads a small document that was compressed, as stores of before have it', () => {
    expect(decodeDocument(zstdCompressSync('{"a":1}'), 'id')).to.deep.equal({ a: 1 });
  });
});

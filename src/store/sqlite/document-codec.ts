import { randomUUID } from 'node:crypto';
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { StoreError } from '../../util/errors.ts';
import { parseJson, stringifyJson } from '../../util/lossless-json.ts';

/**
 * Level 1: of a raw document of 80 KB it leaves 18.8 KB, level 3 leaves 18.0 KB for a third more time.
 * The checksum (4 bytes) finds a flipped bit that SQLite itself would hand out.
 */
const PARAMETERS = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };

/**
 * Up to so many bytes it stays JSON behind this mark and its CRC-32: setting up a decompressor takes longer than reading it, and
 * hundreds of small documents are read for one suggestion. No frame of zstd begins with the mark.
 */
const MOST_PLAIN_BYTES = 4096;
const PLAIN = 0x4a;
const HEAD_BYTES = 5;

/** A document with a hole, and what belongs into it: this mark, where the hole is in the JSON and how long its frame is, both frames. */
const HOLED = 0x48;
const HOLED_HEAD_BYTES = 9;
/** Stands in the JSON where the hole is. Nobody can have written it into a document. */
const HOLE = `hole ${randomUUID()}`;
/** Frames of lists that never change and that more than one document has. */
const frames = new WeakMap<object, Uint8Array>();

/**
 * A document as it is kept: zstd over JSON, a small one JSON alone, with every digit of a `bigint`. Compressing in a thread costs a quarter more of a whole crawl's
 * CPU, and memory, for documents of this size.
 *
 * @throws StoreError `STORE_REJECTED` when it cannot be told in JSON
 */
export function encodeDocument(document: unknown): Uint8Array {
  return orRejected(() => {
    const text = Buffer.from(stringifyJson(document));
    return text.length > MOST_PLAIN_BYTES ? compressed(text) : plain(text);
  });
}

/**
 * The same for a document of which a part is frozen: another document with the same part takes over its bytes.
 *
 * @param around - the document with what it is given in place of that part
 * @throws StoreError `STORE_REJECTED` when it cannot be told in JSON
 */
export function encodeDocumentWith(frozenPart: object, around: (hole: string) => unknown): Uint8Array {
  return orRejected(() => {
    const [before = '', after = ''] = stringifyJson(around(HOLE)).split(JSON.stringify(HOLE));
    const frame = compressed(Buffer.from(before + after));
    const part = frames.get(frozenPart) ?? compressed(Buffer.from(stringifyJson(frozenPart)));
    frames.set(frozenPart, part);
    const head = Buffer.alloc(HOLED_HEAD_BYTES);
    head[0] = HOLED;
    head.writeUInt32BE(Buffer.byteLength(before), 1);
    head.writeUInt32BE(frame.length, 5);
    return Buffer.concat([head, frame, part]);
  });
}

function orRejected(encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('STORE_REJECTED', `The document cannot be written as JSON: ${reason}`, { cause });
  }
}

/**
 * The inverse of {@link encodeDocument}.
 *
 * @throws StoreError `STORE_CORRUPT` when the bytes are not what was written
 */
export function decodeDocument(bytes: Uint8Array, id: string): unknown {
  try {
    return parseJson(textOf(bytes));
  } catch (cause) {
    throw new StoreError(
      'STORE_CORRUPT',
      `The stored document ${id} is damaged: restore a backup, or crawl again into a new file`,
      {
        details: { id },
        cause,
      },
    );
  }
}

function textOf(bytes: Uint8Array): string {
  if (bytes[0] === PLAIN) return plainText(bytes);
  if (bytes[0] === HOLED) return holedText(bytes);
  return zstdDecompressSync(bytes).toString();
}

function compressed(text: Buffer): Uint8Array {
  return zstdCompressSync(text, { params: PARAMETERS });
}

function plain(text: Buffer): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + text.length);
  bytes[0] = PLAIN;
  bytes.writeUInt32BE(crc32(text), 1);
  text.copy(bytes, HEAD_BYTES);
  return bytes;
}

function holedText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [hole, frameBytes] = [buffer.readUInt32BE(1), buffer.readUInt32BE(5)];
  const text = zstdDecompressSync(buffer.subarray(HOLED_HEAD_BYTES, HOLED_HEAD_BYTES + frameBytes));
  const part = zstdDecompressSync(buffer.subarray(HOLED_HEAD_BYTES + frameBytes));
  if (hole > text.length) throw new Error('The hole lies behind the end');
  return Buffer.concat([text.subarray(0, hole), part, text.subarray(hole)]).toString();
}

function plainText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.subarray(HEAD_BYTES);
  if (buffer.length < HEAD_BYTES || crc32(text) !== buffer.readUInt32BE(1)) throw new Error('The checksum differs');
  return text.toString();
}

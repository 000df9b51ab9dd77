const WORD = 8;
const HALF_WORD = 4;

/**
 * Bytes that are looked for often: compared eight at a time, read as doubles.
 *
 * Doubles are equal if and only if their bytes are, but for zeros and what is no number. Neither has bytes that JSON
 * could have in that place: the first would be control characters, the second begins with a byte above 0x7e, and then
 * the bytes are not found and the line is parsed.
 */
export class Literal {
  readonly length: number;
  /** All whole words, little-endian. */
  readonly words: readonly number[];
  /** The last eight bytes once more, which covers what is left over after the whole words. */
  readonly lastWord: number;
  /** For less than eight bytes: the first four, and the last four, as whole numbers. */
  readonly firstHalf: number;
  readonly lastHalf: number;

  /** @param bytes - at least four */
  constructor(bytes: Uint8Array) {
    const { length } = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const words: number[] = [];
    for (let at = 0; at + WORD <= length; at += WORD) words.push(view.getFloat64(at, true));
    this.length = length;
    this.words = words;
    this.lastWord = length < WORD ? 0 : view.getFloat64(length - WORD, true);
    this.firstHalf = view.getInt32(0, true);
    this.lastHalf = view.getInt32(length - HALF_WORD, true);
  }

  static of(text: string): Literal {
    return new Literal(new TextEncoder().encode(text));
  }
}

const WORD = 8;
const HALF_WORD = 4;
const KNOWN = new Map<string, Literal>();

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
  /** For four to seven bytes: the first four, and the last four, as whole numbers. */
  readonly firstHalf: number;
  readonly lastHalf: number;
  /** For less than four: the bytes themselves; else empty. */
  readonly few: readonly number[];

  constructor(bytes: Uint8Array) {
    const { length } = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const words: number[] = [];
    for (let at = 0; at + WORD <= length; at += WORD) words.push(view.getFloat64(at, true));
    this.length = length;
    this.words = words;
    this.lastWord = length < WORD ? 0 : view.getFloat64(length - WORD, true);
    this.few = length < HALF_WORD ? [...bytes] : [];
    this.firstHalf = length < HALF_WORD ? 0 : view.getInt32(0, true);
    this.lastHalf = length < HALF_WORD ? 0 : view.getInt32(length - HALF_WORD, true);
  }

  /** The same text is made once: every replay looks for the same keys. */
  static of(text: string): Literal {
    let literal = KNOWN.get(text);
    if (literal === undefined) {
      literal = new Literal(new TextEncoder().encode(text));
      KNOWN.set(text, literal);
    }
    return literal;
  }
}

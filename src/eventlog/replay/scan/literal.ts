const WORD = 4;

/** Bytes that are looked for often: compared four at a time. */
export class Literal {
  readonly length: number;
  /** All whole words, little-endian. */
  readonly words: readonly number[];
  /** The last four bytes once more, which covers what is left over after the whole words. */
  readonly lastWord: number;

  /** @param bytes - at least four, copied */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.length;
    const words: number[] = [];
    for (let at = 0; at + WORD <= bytes.length; at += WORD) words.push(view.getInt32(at, true));
    this.words = words;
    this.lastWord = view.getInt32(bytes.length - WORD, true);
  }

  static of(text: string): Literal {
    return new Literal(new TextEncoder().encode(text));
  }
}

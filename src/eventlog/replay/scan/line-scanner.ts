import { Literal } from './literal.ts';
import { TextCache } from './text-cache.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const FIRST_PRINTABLE = 0x20;
const FIRST_NON_ASCII = 0x80;
/** More digits may not fit a double: such a line is left to the parser that is exact. */
const MAX_DIGITS = 15;
const MAX_SKIP_DEPTH = 100;

const TRUE = Literal.of('true');
const FALSE = Literal.of('false');
const NULL = Literal.of('null');

/**
 * Reads JSON as Spark writes it, without blanks, straight from the bytes of a line.
 *
 * Every step answers whether it found what it expects; a "no" means only that the line has to be parsed in full, which
 * decides what it is. A line that is scanned to its end is valid JSON, and means what the parser would make of it.
 */
export class LineScanner {
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #end = 0;
  readonly #texts = new TextCache();
  /** What {@link number} found. */
  value = 0;
  /** What {@link text} found. */
  string = '';

  open(bytes: Buffer, start: number, end: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** Where the scanner stands, to go {@link back} to. */
  get place(): number {
    return this.#at;
  }

  back(place: number): void {
    this.#at = place;
  }

  /** The bytes between two places, to be looked for later. */
  between(from: number, to: number): Literal {
    return new Literal(this.#bytes.subarray(from, to));
  }

  /** The same bytes as a text, a character each. */
  textBetween(from: number, to: number): string {
    return this.#bytes.toString('latin1', from, to);
  }

  /** Goes past exactly these bytes, or stays. */
  take(wanted: Literal): boolean {
    const view = this.#view;
    const at = this.#at;
    const { length, words } = wanted;
    if (at + length > this.#end) return false;
    if (length < 4) {
      for (let i = 0; i < length; i++) if (this.#bytes[at + i] !== wanted.few[i]) return false;
    } else if (length < 8) {
      if (view.getInt32(at, true) !== wanted.firstHalf) return false;
      if (view.getInt32(at + length - 4, true) !== wanted.lastHalf) return false;
    } else {
      for (let i = 0; i < words.length; i++) if (view.getFloat64(at + 8 * i, true) !== words[i]) return false;
      if (view.getFloat64(at + length - 8, true) !== wanted.lastWord) return false;
    }
    this.#at = at + length;
    return true;
  }

  takeOpenObject(): boolean {
    return this.#takeByte(OPEN_OBJECT);
  }

  takeCloseObject(): boolean {
    return this.#takeByte(CLOSE_OBJECT);
  }

  takeOpenList(): boolean {
    return this.#takeByte(OPEN_LIST);
  }

  takeCloseList(): boolean {
    return this.#takeByte(CLOSE_LIST);
  }

  takeComma(): boolean {
    return this.#takeByte(COMMA);
  }

  takeQuote(): boolean {
    return this.#takeByte(QUOTE);
  }

  get isAtQuote(): boolean {
    return this.#at < this.#end && this.#bytes[this.#at] === QUOTE;
  }

  /** Whether a number may begin here. */
  get isAtDigit(): boolean {
    const byte = this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : 0;
    return byte === MINUS || (byte >= ZERO && byte < COLON);
  }

  /** A whole number of at most fifteen digits, into {@link value}. */
  number(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    const isNegative = at < end && bytes[at] === MINUS;
    if (isNegative) at++;
    const first = at;
    let value = 0;
    for (; at < end; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - first;
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && bytes[first] === ZERO)) return false;
    // What goes on as a fraction or an exponent is stopped by whatever must come next.
    this.value = isNegative ? -value : value;
    this.#at = at;
    return true;
  }

  /** `true` or `false`, into {@link value} as 1 or 0. */
  boolean(): boolean {
    if (this.take(FALSE)) this.value = 0;
    else if (this.take(TRUE)) this.value = 1;
    else return false;
    return true;
  }

  /** A text of plain ASCII, into {@link string}. */
  text(): boolean {
    const bytes = this.#bytes;
    if (!this.isAtQuote) return false;
    const start = this.#at + 1;
    let hash = 0;
    for (let at = start; at < this.#end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.string = this.#texts.get(bytes, start, at, hash);
        this.#at = at + 1;
        return true;
      }
      if (byte === BACKSLASH || byte < FIRST_PRINTABLE || byte >= FIRST_NON_ASCII) return false;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    return false;
  }

  /** Goes past a text without a backslash. */
  skipText(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    if (!this.isAtQuote) return false;
    for (let at = this.#at + 1; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return true;
      }
      if (byte === BACKSLASH || byte < FIRST_PRINTABLE) return false;
    }
    return false;
  }

  /** Goes past any value whose texts have no backslash and whose numbers are whole. */
  skipValue(depth = 0): boolean {
    switch (this.#at < this.#end ? this.#bytes[this.#at] : undefined) {
      case QUOTE:
        return this.skipText();
      case OPEN_OBJECT:
        return depth < MAX_SKIP_DEPTH && this.#skipMembers(depth + 1);
      case OPEN_LIST:
        return depth < MAX_SKIP_DEPTH && this.#skipElements(depth + 1);
      default:
        return this.boolean() || this.take(NULL) || this.number();
    }
  }

  /** Goes past a key and its colon. */
  skipKey(): boolean {
    return this.skipText() && this.#takeByte(COLON);
  }

  #takeByte(wanted: number): boolean {
    if (this.#at >= this.#end || this.#bytes[this.#at] !== wanted) return false;
    this.#at++;
    return true;
  }

  #skipMembers(depth: number): boolean {
    this.#at++;
    if (this.takeCloseObject()) return true;
    do {
      if (!this.skipKey() || !this.skipValue(depth)) return false;
    } while (this.takeComma());
    return this.takeCloseObject();
  }

  #skipElements(depth: number): boolean {
    this.#at++;
    if (this.takeCloseList()) return true;
    do {
      if (!this.skipValue(depth)) return false;
    } while (this.takeComma());
    return this.takeCloseList();
  }
}

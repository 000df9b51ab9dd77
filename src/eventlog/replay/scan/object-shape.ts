import type { LineScanner } from './line-scanner.ts';
import { Literal } from './literal.ts';

/** Takes the value of a known key; answers whether it could. */
export type TakeValue = (scanner: LineScanner) => boolean;

/** Where the whole number goes that is the value of a known key. */
export interface NumberSlot {
  readonly into: Float64Array;
  readonly slot: number;
}

export type FieldSpec = readonly [key: string, value: TakeValue | NumberSlot];

class Field {
  /** `"Key":` */
  readonly key: Literal;
  readonly take: TakeValue | undefined;
  readonly into: Float64Array;
  readonly slot: number;

  constructor([key, value]: FieldSpec) {
    this.key = Literal.of(`"${key}":`);
    this.take = typeof value === 'function' ? value : undefined;
    this.into = typeof value === 'function' ? new Float64Array(0) : value.into;
    this.slot = typeof value === 'function' ? 0 : value.slot;
  }
}

/**
 * An object whose keys come in a known order.
 *
 * Versions of Spark differ in which keys they write, hardly in their order. So a key that is missing and one that is
 * unknown are both fine; one that comes out of order, or again, is not, and leaves the line to the parser.
 */
export class ObjectShape {
  readonly #fields: readonly Field[];
  readonly #required: number;

  /**
   * @param fields - key and what to do with its value, in the order of the log; at most 32
   * @param required - keys without which the object means nothing
   */
  constructor(fields: readonly FieldSpec[], required: readonly string[] = []) {
    this.#fields = fields.map((spec) => new Field(spec));
    this.#required = fields.reduce((bits, [key], i) => (required.includes(key) ? bits | (1 << i) : bits), 0);
  }

  /** Goes past the object. */
  take(scanner: LineScanner): boolean {
    if (!scanner.takeOpenObject()) return false;
    if (scanner.takeCloseObject()) return this.#required === 0;
    return this.takeRest(scanner, 0);
  }

  /** Goes on in an object behind its first `count` fields, whose comma has been taken. */
  takeRest(scanner: LineScanner, count: number): boolean {
    const fields = this.#fields;
    let next = count;
    let found = (1 << count) - 1;
    do {
      let field = fields[next];
      if (field === undefined || !scanner.take(field.key)) {
        next = this.#find(scanner, next);
        field = fields[next];
        if (field === undefined) {
          // Not a key that may still come: it must not be one that came already.
          if (this.#find(scanner, 0) < fields.length || !scanner.skipKey() || !scanner.skipValue()) return false;
          next = lastBit(found) + 1;
          continue;
        }
      }
      found |= 1 << next++;
      if (field.take !== undefined) {
        if (!field.take(scanner)) return false;
      } else {
        if (!scanner.number()) return false;
        field.into[field.slot] = scanner.value;
      }
    } while (scanner.takeComma());
    return scanner.takeCloseObject() && (found & this.#required) === this.#required;
  }

  /** @returns the first field from this one on whose key is here and has been taken; behind the last one if there is none */
  #find(scanner: LineScanner, from: number): number {
    const { length } = this.#fields;
    for (let place = from; place < length; place++) {
      const field = this.#fields[place];
      if (field !== undefined && scanner.take(field.key)) return place;
    }
    return length;
  }
}

/** Of the highest bit that is set, -1 for none. */
function lastBit(bits: number): number {
  return 31 - Math.clz32(bits);
}

import { ConfigError } from '../util/errors.ts';
import { nearestWord } from '../util/suggest.ts';
import { repeatedField } from './repeated-field.ts';

interface Book {
  readonly name: string;
  readonly text: string;
}

type Kind<T> = (value: unknown) => T | undefined;

/**
 * One object of a price book, read field by field; whatever is wrong with it is said with the line and the path of the field.
 *
 * Every object may have a `comment`. All other fields that nobody asked for are errors: {@link PriceFields.done}.
 */
export class PriceFields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: readonly string[];
  readonly #book: Book;
  readonly #known = new Set<string>(['comment']);

  private constructor(book: Book, path: readonly string[], values: unknown) {
    this.#book = book;
    this.#path = path;
    if (typeof values !== 'object' || values === null || Array.isArray(values))
      throw this.#error(path, `must be an object, with its fields in { }`);
    this.#values = values as Readonly<Record<string, unknown>>;
  }

  /** @throws ConfigError `CONFIG_PRICE_BOOK` for a text that is no JSON object, or has a field twice */
  static parse(name: string, text: string): PriceFields {
    const fields = new PriceFields({ name, text }, [], parseJson(name, text));
    const repeated = repeatedField(text);
    if (repeated === undefined) return fields;
    throw new ConfigError(
      'CONFIG_PRICE_BOOK',
      `${name}, line ${repeated.line}: ${repeated.name} stands there for the second time`,
    );
  }

  has(field: string): boolean {
    this.#known.add(field);
    return this.#values[field] !== undefined;
  }

  names(): readonly string[] {
    return Object.keys(this.#values).filter((name) => name !== 'comment');
  }

  object(field: string): PriceFields {
    return new PriceFields(this.#book, [...this.#path, field], this.#required(field));
  }

  number(field: string, { min = 0, max = Infinity, isWhole = false, wanted = 'a number from 0 up' } = {}): number {
    return this.#read(field, wanted, (value) =>
      typeof value === 'number' &&
      value >= min &&
      value <= max &&
      (!isWhole || Number.isSafeInteger(value)) &&
      value < Infinity
        ? value
        : undefined,
    );
  }

  text(field: string, { pattern = /\S/, wanted = 'a text' } = {}): string {
    return this.#read(field, wanted, (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined));
  }

  word<const W extends string>(field: string, words: readonly W[]): W {
    return this.#read(field, `one of ${words.join(', ')}`, (value) => words.find((word) => word === value));
  }

  flag(field: string): boolean {
    return this.#read(field, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  /** A day of the calendar: `2026-11-21`. */
  day(field: string): string {
    return this.#read(field, 'a day such as 2026-11-21', (value) => {
      if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return undefined;
      const time = new Date(`${value}T00:00:00Z`);
      return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value) ? value : undefined;
    });
  }

  /** @throws ConfigError `CONFIG_PRICE_BOOK` always */
  refuse(field: string, sentence: string): never {
    throw this.#error([...this.#path, field], sentence);
  }

  /** @throws ConfigError `CONFIG_PRICE_BOOK` for a field that nobody asked for */
  done(): void {
    for (const name of Object.keys(this.#values)) {
      if (this.#known.has(name)) continue;
      const meant = nearestWord(name, this.#known);
      throw this.#error([...this.#path, name], `is not known${meant === undefined ? '' : `; is ${meant} meant?`}`);
    }
  }

  #required(field: string): unknown {
    if (!this.has(field)) throw this.#error(this.#path, `must have ${field}`);
    return this.#values[field];
  }

  #read<T>(field: string, wanted: string, kind: Kind<T>): T {
    const value = this.#required(field);
    const read = kind(value);
    if (read === undefined)
      throw this.#error([...this.#path, field], `is ${JSON.stringify(value)}, but must be ${wanted}`);
    return read;
  }

  #error(path: readonly string[], sentence: string): ConfigError {
    const { name, text } = this.#book;
    const what = path.length === 0 ? 'the price book' : path.join(' → ');
    return new ConfigError('CONFIG_PRICE_BOOK', `${name}, line ${lineOf(text, path)}: ${what} ${sentence}`);
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError('CONFIG_PRICE_BOOK', `${name} is no JSON: ${why}`, { cause });
  }
}

/** The line of a field: each name of its path stands behind that of the object around it. */
function lineOf(text: string, path: readonly string[]): number {
  let at = 0;
  for (const name of path) {
    const quoted = JSON.stringify(name).replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
    const found = new RegExp(`${quoted}\\s*:`).exec(text.slice(at));
    if (found === null) break;
    at += found.index + 1;
  }
  return text.slice(0, at).split('\n').length;
}

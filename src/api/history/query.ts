import { parseDate } from './date-param.ts';
import { parseDouble } from './double-param.ts';
import { RestError, wrongParameter } from './rest-error.ts';

const MIN_INT = -(2 ** 31);
const MAX_INT = 2 ** 31 - 1;

/**
 * The parameters of a request, read as Spark's server (Jersey) reads them.
 *
 * Names are exact; of a single parameter the first occurrence counts; an empty one is the default, but in a list of
 * words it is a word that nothing equals.
 */
export class Query {
  readonly #params: URLSearchParams;

  constructor(params: URLSearchParams) {
    this.#params = params;
  }

  /** `undefined` when it is not given. */
  text(name: string): string | undefined {
    return this.#params.get(name) ?? undefined;
  }

  /** @throws RestError 404 for what is no 32-bit number */
  int(name: string, fallback: number): number {
    const text = this.#params.get(name) ?? '';
    if (text === '') return fallback;
    const value = parseInt32(text);
    if (value === undefined) throw wrongParameter(name, 'a whole number', text);
    return value;
  }

  /** Everything but `true` is false. */
  boolean(name: string, fallback: boolean): boolean {
    const text = this.#params.get(name) ?? '';
    return text === '' ? fallback : text.toLowerCase() === 'true';
  }

  /** @throws RestError 404 for another word */
  word<Word extends string>(
    name: string,
    words: readonly Word[],
    fallback: Word,
    others: ReadonlyMap<string, Word> = new Map(),
  ): Word {
    const text = this.#params.get(name) ?? '';
    return text === '' ? fallback : (others.get(text.toLowerCase()) ?? this.#wordOf(name, text, words));
  }

  /**
   * Every occurrence of a parameter that may come several times.
   *
   * @returns with an empty text where the parameter was given without a value
   * @throws RestError 404 for another word
   */
  words<Word extends string>(name: string, words: readonly Word[]): readonly (Word | '')[] {
    return this.#params.getAll(name).map((text) => (text === '' ? '' : this.#wordOf(name, text, words)));
  }

  /** Milliseconds since 1970. @throws RestError 400 */
  date(name: string, fallback: string): number {
    const given = this.#params.get(name) ?? '';
    const text = given === '' ? fallback : given;
    const time = parseDate(text);
    if (time === undefined) throw new RestError(400, `Couldn't parse date: ${text}`);
    return time;
  }

  /** Numbers between commas; commas at the end do not count. @throws RestError 400 */
  doubles(name: string, fallback: string): readonly number[] {
    const text = this.#params.get(name) ?? fallback;
    const parts = text.split(',');
    while (parts.length > 1 && parts.at(-1) === '') parts.pop();
    if (text !== '' && parts.length === 1 && parts[0] === '') return [];
    return parts.map((part) => {
      const value = parseDouble(part);
      if (value === undefined) {
        throw new RestError(400, `Bad value for parameter "${name}".  Expected a double, got "${part}"`);
      }
      return value;
    });
  }

  #wordOf<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
    const word = words.find((candidate) => candidate === text.toUpperCase());
    if (word === undefined) throw wrongParameter(name, `one of ${words.join(', ')}`, text);
    return word;
  }
}

export function parseInt32(text: string): number | undefined {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
  return value >= MIN_INT && value <= MAX_INT ? value : undefined;
}

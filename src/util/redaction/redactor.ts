import { createHmac } from 'node:crypto';
import { maskAssignments, maskOptions } from './assignments.ts';
import { isOrdinaryValue } from './ordinary-values.ts';
import { SUSPICION, suspect } from './prefilter.ts';
import { judgeKey, type KeyVerdict } from './secret-keys.ts';
import { maskAuthorization, maskPrivateKeys, maskTokens, maskUserInfo, type Mask } from './secret-shapes.ts';

export interface RedactorOptions {
  /** Secret of this installation: equal secrets get equal marks, and no mark can be looked up in a table. */
  readonly hashKey: string | Uint8Array;
}

/**
 * Keeps secrets out of everything that leaves the process.
 *
 * A secret becomes `***hmac:xxxxxxxx`, the beginning of its keyed hash, so that two runs with the same secret still
 * show the same. What is masked already stays, so redacting twice changes nothing.
 */
export interface Redactor {
  /** The value of a property: all of it when its name is that of a secret, else what looks like one in it. */
  property(key: string, value: string): string;
  /** A text of any kind: what looks like a secret in it, the rest as it was. */
  text(text: string): string;
  /**
   * Plain JSON with every text in it redacted, by the name it stands under; a pair of texts in a list of such
   * pairs counts as name and value, as Spark writes properties. An Error becomes one like it with redacted texts.
   *
   * @returns the same object where nothing is secret, else a copy of the parts that changed
   */
  deep<T>(value: T): T;
}

const MAX_REMEMBERED = 10_000;
const MAX_REMEMBERED_CHARACTERS = 4096;
const MAX_DEPTH = 100;

/** What is known of a name, so that what repeats from run to run is judged once. */
interface Remembered {
  readonly verdict: KeyVerdict;
  /** The name holds no secret itself. */
  isCleanName: boolean;
  /** A value under this name that needed no mask. */
  cleanValue: string | undefined;
}

export function createRedactor({ hashKey }: RedactorOptions): Redactor {
  const mask: Mask = (secret) => `***hmac:${createHmac('sha256', hashKey).update(secret).digest('hex').slice(0, 8)}`;
  const remembered = new Map<string, Remembered>();

  const recall = (key: string): Remembered => {
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const judged: Remembered = { verdict: judgeKey(key), isCleanName: false, cleanValue: undefined };
    // The names of a cluster repeat; a flood of others must not fill the memory.
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    if (key.length <= MAX_REMEMBERED_CHARACTERS) remembered.set(key, judged);
    return judged;
  };
  const judge = (name: string): KeyVerdict => recall(name).verdict;

  // In this order: a whole private key before its parts, a token before the assignment it stands in.
  const text = (input: string): string => {
    const found = suspect(input);
    if (found === 0) return input;
    let result = input;
    if ((found & SUSPICION.dash) !== 0) result = maskPrivateKeys(result, mask);
    if ((found & SUSPICION.token) !== 0) result = maskAuthorization(maskTokens(result, mask), mask);
    if ((found & SUSPICION.at) !== 0) result = maskUserInfo(result, mask);
    if ((found & SUSPICION.separator) !== 0) result = maskAssignments(result, mask, judge);
    if ((found & SUSPICION.dash) !== 0) result = maskOptions(result, mask, judge);
    return result;
  };

  const valueOf = (known: Remembered, value: string): string => {
    if (known.cleanValue === value) return value;
    if (known.verdict !== 'ordinary' && !isOrdinaryValue(value, known.verdict)) return mask(value);
    const result = text(value);
    if (result === value && value.length <= MAX_REMEMBERED_CHARACTERS) known.cleanValue = value;
    return result;
  };

  const property = (key: string, value: string): string => valueOf(recall(key), value);

  /** What `deep` is inside of just now. */
  const open = new Set<object>();

  const under = (key: string | undefined, value: unknown, depth: number): unknown => {
    switch (typeof value) {
      case 'string':
        return key === undefined ? text(value) : property(key, value);
      case 'number':
      case 'bigint':
        return key !== undefined && recall(key).verdict === 'password' ? mask(String(value)) : value;
      case 'object':
        if (value === null) return value;
        return parts(key, value, depth);
      default:
        return value;
    }
  };

  const parts = (key: string | undefined, value: object, depth: number): unknown => {
    if (depth >= MAX_DEPTH) return '***nested too deeply';
    if (open.has(value)) return '***circular';
    open.add(value);
    try {
      if (Array.isArray(value)) return list(key, value, depth);
      if (value instanceof Error) return error(value, depth);
      return isPlain(value) ? object(value, depth) : value;
    } finally {
      open.delete(value);
    }
  };

  const list = (key: string | undefined, values: readonly unknown[], depth: number): readonly unknown[] => {
    let copy: unknown[] | undefined;
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      const result = isPair(value) ? pair(value) : under(key, value, depth + 1);
      if (result !== value) (copy ??= [...values])[index] = result;
    }
    return copy ?? values;
  };

  const pair = (given: readonly [string, string]): readonly [string, string] => {
    const key = given[0];
    const value = given[1];
    const known = recall(key);
    const newKey = known.isCleanName ? key : text(key);
    if (newKey === key) known.isCleanName = true;
    const newValue = valueOf(known, value);
    return newKey === key && newValue === value ? given : [newKey, newValue];
  };

  const object = (given: Record<string, unknown>, depth: number): Record<string, unknown> => {
    let changes: [string, unknown][] | undefined;
    for (const key in given) {
      const result = under(key, given[key], depth + 1);
      if (result !== given[key]) (changes ??= []).push([key, result]);
    }
    if (changes === undefined) return given;
    // Entries, not assignment: a key named __proto__ stays a key.
    const changed = new Map(changes);
    return Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, changed.has(key) ? changed.get(key) : value]),
    );
  };

  const error = (given: Error, depth: number): Error => {
    const copy = Object.create(Object.getPrototypeOf(given) as object) as Error;
    for (const name of Object.getOwnPropertyNames(given)) {
      const value = under(name, Reflect.get(given, name), depth + 1);
      const enumerable = Object.prototype.propertyIsEnumerable.call(given, name);
      Object.defineProperty(copy, name, { value, enumerable, writable: true, configurable: true });
    }
    return copy;
  };

  return { property, text, deep: <T>(value: T): T => under(undefined, value, 0) as T };
}

function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'string';
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

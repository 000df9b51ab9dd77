import { DocumentError } from '../util/errors.ts';
import type { Json } from './documents.ts';
import { setOwn } from './own-properties.ts';

/** Takes secrets out of what is kept; `util/redaction.ts` has the one that Spot uses. */
export interface Redact {
  /** The value of a property, judged by its name and by its own shape. */
  property(key: string, value: string): string;
  /** Free text: names, descriptions, messages. */
  text(text: string): string;
}

/** Spark's own answers have five. */
const MAX_DEPTH = 100;

/** Sums and squares of what is larger are no numbers any more; Spark counts in longs, up to 10^19. */
const MAX_NUMBER = 1e100;

export function isCountable(value: number): boolean {
  return Math.abs(value) <= MAX_NUMBER;
}

/**
 * The number itself.
 *
 * @param what - names it, for the message
 * @throws DocumentError `DOCUMENT_INVALID_NUMBER` for what JSON can hold and no counter of Spark: 1e999
 */
export function requireCountable(value: number, what: string): number {
  if (isCountable(value)) return value;
  throw new DocumentError('DOCUMENT_INVALID_NUMBER', `The value of ${what} is larger than anything Spark counts`);
}

/**
 * A copy of any JSON value without secrets, in its keys as well: Spark has maps whose keys are a user's text (why tasks were killed).
 *
 * @param key - under which the value stands, for {@link Redact.property}
 * @throws DocumentError `DOCUMENT_TOO_DEEP`, `DOCUMENT_INVALID_NUMBER`
 */
export function redactDeep(value: unknown, key: string, redact: Redact, depth = 0): Json {
  if (typeof value === 'string') return redact.property(key, value);
  if (typeof value === 'number') return requireCountable(value, key);
  if (typeof value !== 'object' || value === null) return value as Json;
  if (depth >= MAX_DEPTH)
    throw new DocumentError(
      'DOCUMENT_TOO_DEEP',
      `The value of ${key} is nested more than ${MAX_DEPTH} levels deep, as nothing is that Spark writes`,
    );
  if (Array.isArray(value)) return value.map((element) => redactDeep(element, key, redact, depth + 1));

  const copy: Record<string, Json> = {};
  for (const [inner, element] of Object.entries(value)) {
    if (element !== undefined) setOwn(copy, redact.text(inner), redactDeep(element, inner, redact, depth + 1));
  }
  return copy;
}

/** Sixteen digits or more in a row after a JSON separator: only then can `JSON.parse` have rounded a whole number. */
const LONG_NUMBER = /[[:,]\s*-?\d{16,}/;

/**
 * Parses JSON without rounding: a whole number beyond ±2^53 becomes a `bigint`.
 *
 * Text without such a number (nearly all of it) goes straight through `JSON.parse`.
 *
 * @throws SyntaxError as `JSON.parse` does
 */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, reviveLong) : JSON.parse(text);
}

function reviveLong(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  const rounded =
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source);
  return rounded ? BigInt(source) : value;
}

/**
 * The inverse of {@link parseJson}: a `bigint` is written as the number it is.
 *
 * @param indent - spaces per level, as in `JSON.stringify`
 */
export function stringifyJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, writeLong, indent);
  }
}

function writeLong(_key: string, value: unknown): unknown {
  return typeof value === 'bigint'
    ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value))
    : value;
}

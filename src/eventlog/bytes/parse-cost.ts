/** The smallest line whose cost is looked at: below, it cannot matter to any bound on memory. */
export const COSTLY_LINE_BYTES = 256 * 1024;
/** Memory for parsing one line when nobody says how much there is. */
export const DEFAULT_ROOM_BYTES = 512 * 1024 * 1024;
/** An object, array, key or value with its place in what holds it, at worst. */
const BYTES_PER_PART = 96;
/** The line as text, the texts in it, and what the parser keeps meanwhile. */
const COPIES = 3;

const OPEN_BRACE = 123;
const OPEN_BRACKET = 91;
const COMMA = 44;

/**
 * How much memory `JSON.parse` may take for a line, at worst.
 *
 * An engine that runs out of memory inside `JSON.parse` ends the whole process, not only the thread with its own
 * bound; so a line such as `[[[[[…` must be refused before it is parsed.
 *
 * @returns bytes; too many rather than too few, because brackets and commas inside texts count too
 */
export function parseCost(bytes: Buffer, start: number, end: number): number {
  let parts = 1;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === COMMA || byte === OPEN_BRACE || byte === OPEN_BRACKET) parts++;
  }
  return parts * BYTES_PER_PART + (end - start) * COPIES;
}

const ZERO = 0x30;
const NINE = 0x39;
/** So many digits in a row may be more than a double can hold. */
const LONG = 16;

/**
 * Whether a line has a number that `JSON.parse` might round.
 *
 * A run of sixteen digits has one at a multiple of sixteen, so that most bytes need not be looked at.
 */
export function hasLongNumber(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + LONG - 1; at < end; at += LONG) {
    if (!isDigit(bytes[at])) continue;
    let from = at;
    while (from > start && isDigit(bytes[from - 1])) from--;
    let to = at + 1;
    while (to < end && isDigit(bytes[to])) to++;
    if (to - from >= LONG) return true;
  }
  return false;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

import type { LineScanner } from './line-scanner.ts';
import type { Literal } from './literal.ts';
import type { TakeValue } from './object-shape.ts';

/** A new version is remembered once in so many misses: where objects never repeat, remembering only costs. */
const MISSES_BETWEEN = 16;
/** What is shorter than this is read as fast as it is compared. */
const SHORTEST = 16;

/**
 * Takes an object whose bytes are often the very same again, such as metrics that are all zero.
 *
 * @param take - reads the object when it is another one
 * @param values - what reading it fills in
 */
export function remembered(take: TakeValue, values: Float64Array = new Float64Array(0)): TakeValue {
  const known = new Float64Array(values.length);
  let bytes: Literal | undefined;
  let misses = 0;
  return (scanner: LineScanner): boolean => {
    if (bytes !== undefined && scanner.take(bytes)) {
      values.set(known);
      return true;
    }
    const place = scanner.place;
    if (!take(scanner)) return false;
    if (++misses % MISSES_BETWEEN === 1 && scanner.place - place >= SHORTEST) {
      bytes = scanner.between(place, scanner.place);
      known.set(values);
    }
    return true;
  };
}

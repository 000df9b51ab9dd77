/** What belongs together of two lists, and what only one of them has. */
export interface Matching<T> {
  readonly pairs: readonly (readonly [T, T])[];
  readonly onlyBefore: readonly T[];
  readonly onlyAfter: readonly T[];
}

/** Each pair of a larger group would be weighed against each other; in order it is then. */
const LARGEST_WEIGHED = 64;
/** What one place in the order is worth beside the sizes: it decides among equals. */
const ORDER_WEIGHT = 0.02;

/**
 * Pairs two lists by keys, the strictest first; what is left over tries the next key.
 *
 * Among several with the same key those pair that make up a similar part of their group (of two reads at the same time the
 * large one with the large one, whichever was submitted first), and among equals those at the same place.
 *
 * @param keys - a key of undefined pairs with nothing
 * @param sizeOf - not negative; all alike when absent
 * @returns pairs in the order of `before`
 */
export function matchByKeys<T>(
  before: readonly T[],
  after: readonly T[],
  keys: readonly ((item: T, isAfter: boolean) => string | undefined)[],
  sizeOf: (item: T) => number = () => 0,
): Matching<T> {
  const partner = new Map<T, T>();
  let leftBefore = before;
  let leftAfter = after;
  for (const keyOf of keys) {
    const waiting = Map.groupBy(leftAfter, (item) => keyOf(item, true));
    const taken = new Set<T>();
    for (const [key, group] of Map.groupBy(leftBefore, (item) => keyOf(item, false))) {
      if (key === undefined) continue;
      for (const [a, b] of pairUp(group, waiting.get(key) ?? [], sizeOf)) {
        partner.set(a, b);
        taken.add(b);
      }
    }
    leftBefore = leftBefore.filter((item) => !partner.has(item));
    leftAfter = leftAfter.filter((item) => !taken.has(item));
  }
  return {
    pairs: before.flatMap((item) => {
      const other = partner.get(item);
      return other === undefined ? [] : [[item, other] as const];
    }),
    onlyBefore: leftBefore,
    onlyAfter: leftAfter,
  };
}

function pairUp<T>(before: readonly T[], after: readonly T[], sizeOf: (item: T) => number): (readonly [T, T])[] {
  const isSmall = before.length <= LARGEST_WEIGHED && after.length <= LARGEST_WEIGHED;
  if (!isSmall || Math.max(before.length, after.length) < 2)
    return before.flatMap((item, i) => {
      const other = after[i];
      return other === undefined ? [] : [[item, other] as const];
    });
  const [partsBefore, partsAfter] = [partsOf(before.map(sizeOf)), partsOf(after.map(sizeOf))];
  const candidates = before.flatMap((_, i) =>
    after.map((__, j) => {
      const apart = Math.abs(Math.log((partsBefore[i] ?? 1) / (partsAfter[j] ?? 1)));
      return { i, j, cost: apart + ORDER_WEIGHT * Math.abs(i - j) };
    }),
  );
  const pairs: (readonly [T, T])[] = [];
  const [usedBefore, usedAfter] = [new Set<number>(), new Set<number>()];
  for (const { i, j } of candidates.sort((a, b) => a.cost - b.cost || a.i - b.i || a.j - b.j)) {
    if (usedBefore.has(i) || usedAfter.has(j)) continue;
    usedBefore.add(i);
    usedAfter.add(j);
    pairs.push([before[i] as T, after[j] as T]);
  }
  return pairs;
}

/** Each as a part of the whole, none quite nothing. */
function partsOf(sizes: readonly number[]): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0) || 1;
  return sizes.map((size) => size / total + 1e-3);
}

/** Text in which what differs from run to run counts as equal: numbers, dates, temporary names. */
export function withoutNumbers(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}/g, '#')
    .replaceAll(/\d+/g, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/**
 * The order in which Scala 2.13's hash collections give their elements.
 *
 * A Spark 4 server builds some lists from them (the jobs of a SQL execution, the executors that hold an RDD), so to
 * answer alike is to iterate alike. A 3.5 server built with Scala 2.12 orders them otherwise.
 *
 * @see Scala 2.13, `scala/collection/immutable/HashSet.scala`, `scala/collection/mutable/HashMap.scala`
 */

/** Up to four elements an immutable set or map keeps the order of insertion. */
const SMALL_COLLECTION = 4;
const BITS_PER_LEVEL = 5;
const MASK = 31;
const INITIAL_TABLE = 16;
const LOAD_FACTOR = 0.75;

/** Distinct 32-bit numbers, given in order of insertion, as an immutable `Set[Int]` or `Map[Int, _]` iterates. */
export function immutableSetOrder(numbers: readonly number[]): readonly number[] {
  return numbers.length <= SMALL_COLLECTION ? numbers : trieOrder(numbers, 0);
}

/** Distinct texts as a `mutable.HashMap[String, _]` iterates that has never held more than these. */
export function mutableMapOrder(texts: readonly string[]): readonly string[] {
  let table = INITIAL_TABLE;
  while (texts.length >= table * LOAD_FACTOR) table *= 2;
  const hashed = texts.map((text) => ({ text, hash: improve(hashCode(text)) }));
  const bucketOf = (hash: number): number => hash & (table - 1);
  hashed.sort((a, b) => bucketOf(a.hash) - bucketOf(b.hash) || a.hash - b.hash);
  return hashed.map(({ text }) => text);
}

/** A trie node gives first the elements that are alone behind their five bits, then its sub-nodes. */
function trieOrder(numbers: readonly number[], shift: number): readonly number[] {
  const groups: number[][] = Array.from({ length: MASK + 1 }, () => []);
  for (const number of numbers) groups[(improve(number) >>> shift) & MASK]?.push(number);
  const alone = groups.flatMap((group) => (group.length === 1 ? group : []));
  const together = groups.filter((group) => group.length > 1);
  return [...alone, ...together.flatMap((group) => trieOrder(group, shift + BITS_PER_LEVEL))];
}

function improve(hash: number): number {
  return hash ^ (hash >>> 16);
}

/** Java's `String.hashCode`. */
function hashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

import type { RestDialect } from './executor-metrics.ts';

/**
 * The order in which Scala's hash collections give their elements.
 *
 * The server builds some lists from them (the jobs of a SQL execution, the executors that hold an RDD), so to answer
 * alike is to iterate alike. Spark 4 comes with Scala 2.13; the 3.5 that everybody downloads comes with 2.12.
 *
 * @see Scala 2.13, `scala/collection/immutable/HashSet.scala`, `scala/collection/mutable/HashMap.scala`,
 *   `scala/collection/Hashing.scala`; Scala 2.12, `scala/collection/mutable/HashTable.scala`
 */
export type ScalaVersion = '2.12' | '2.13';

/** The Scala that a server of this version runs on. */
export function scalaOf(dialect: RestDialect): ScalaVersion {
  return dialect === '3.5' ? '2.12' : '2.13';
}

/** Up to four elements an immutable set or map keeps the order of insertion. */
const SMALL_COLLECTION = 4;
const BITS_PER_LEVEL = 5;
const MASK = 31;
const INITIAL_TABLE = 16;
const LOAD_FACTOR = 0.75;
const GOLDEN = 0x9e3775cd;
const WORD_BITS = 32;

/** Distinct 32-bit numbers, given in order of insertion, as an immutable `Set[Int]` or `Map[Int, _]` iterates. */
export function immutableSetOrder(numbers: readonly number[], scala: ScalaVersion = '2.13'): readonly number[] {
  return numbers.length <= SMALL_COLLECTION ? numbers : trieOrder(numbers, 0, scala);
}

/** Distinct texts, in order of insertion, as a `mutable.HashMap[String, _]` iterates that never held more than these. */
export function mutableMapOrder(texts: readonly string[], scala: ScalaVersion = '2.13'): readonly string[] {
  return scala === '2.13' ? mutableOrder13(texts) : mutableOrder12(texts);
}

/** From the first bucket to the last, within a bucket by hash. */
function mutableOrder13(texts: readonly string[]): readonly string[] {
  let table = INITIAL_TABLE;
  while (texts.length >= table * LOAD_FACTOR) table *= 2;
  const hashed = texts.map((text) => ({ text, hash: improveMutable13(hashCode(text)) }));
  const bucketOf = (hash: number): number => hash & (table - 1);
  hashed.sort((a, b) => bucketOf(a.hash) - bucketOf(b.hash) || a.hash - b.hash);
  return hashed.map(({ text }) => text);
}

/** From the last bucket to the first, the newest of a bucket first. */
function mutableOrder12(texts: readonly string[]): readonly string[] {
  let table = INITIAL_TABLE;
  while (texts.length > table * LOAD_FACTOR) table *= 2;
  const buckets = new Map(texts.map((text) => [text, bucket12(hashCode(text), table)]));
  return [...texts].reverse().sort((a, b) => (buckets.get(b) ?? 0) - (buckets.get(a) ?? 0));
}

/**
 * A node of the trie has an entry for each value of five bits of the hash.
 *
 * Elements that are alone behind theirs come first since 2.13; before, they stood among the sub-nodes.
 */
function trieOrder(numbers: readonly number[], shift: number, scala: ScalaVersion): readonly number[] {
  const groups: number[][] = Array.from({ length: MASK + 1 }, () => []);
  for (const number of numbers) groups[(improveImmutable(number) >>> shift) & MASK]?.push(number);
  if (scala === '2.13') groups.sort((a, b) => Number(a.length > 1) - Number(b.length > 1));
  return groups.flatMap((group) => (group.length > 1 ? trieOrder(group, shift + BITS_PER_LEVEL, scala) : group));
}

/** Different numbers have different hashes, so that the trie always parts them. */
function improveImmutable(number: number): number {
  let hash = (number + ~(number << 9)) | 0;
  hash ^= hash >>> 14;
  hash = (hash + (hash << 4)) | 0;
  return hash ^ (hash >>> 10);
}

function improveMutable13(hash: number): number {
  return hash ^ (hash >>> 16);
}

/** The highest bits of the hash, its bytes turned around and rotated; by how much was decided by the first table. */
function bucket12(hash: number, table: number): number {
  const seed = Math.log2(INITIAL_TABLE);
  const mixed = Math.imul(reverseBytes(Math.imul(hash, GOLDEN)), GOLDEN);
  const rotated = (mixed >>> seed) | (mixed << (WORD_BITS - seed));
  return (rotated >>> (WORD_BITS - Math.log2(table))) & (table - 1);
}

function reverseBytes(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);
}

/** Java's `String.hashCode`. */
function hashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

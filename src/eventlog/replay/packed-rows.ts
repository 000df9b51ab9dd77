import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { parseJson, stringifyJson } from '../../util/lossless-json.ts';

/** What is compressed together: longer texts would not be young any more when they are done with. */
const BLOCK_CHARACTERS = 64 * 1024;

/** Rows on their way to another thread: far smaller there and back than a copy of the objects. */
export interface PackedRows<T> {
  /** JSON arrays, compressed. */
  readonly blocks: readonly Uint8Array[];
  /** Whether there are whole numbers beyond 2^53 that are `bigint`. */
  readonly hasLong: boolean;
  /** Never set: keeps packed rows of different kinds apart. */
  readonly row?: T;
}

/** Takes one row after another, so that they need not all be there at once. Rows are plain JSON, and may hold `bigint`. */
export function packRows<T>(rows: Iterable<T>): PackedRows<T> {
  const blocks: Uint8Array[] = [];
  let hasLong = false;
  let texts: string[] = [];
  let characters = 0;
  const pack = (): void => {
    if (texts.length > 0) blocks.push(zstdCompressSync(`[${texts.join(',')}]`));
    texts = [];
    characters = 0;
  };
  for (const row of rows) {
    const text = textOf(row);
    hasLong ||= text.hasLong;
    texts.push(text.json);
    characters += text.json.length;
    if (characters >= BLOCK_CHARACTERS) pack();
  }
  pack();
  return { blocks, hasLong };
}

/** The rows that were packed. */
export function unpackRows<T>({ blocks, hasLong }: PackedRows<T>): T[] {
  const rows: T[] = [];
  const parse = hasLong ? parseJson : JSON.parse;
  for (const block of blocks) {
    // What was packed of rows of this type.
    for (const row of parse(zstdDecompressSync(block).toString()) as readonly T[]) rows.push(row);
  }
  return rows;
}

function textOf(row: unknown): { readonly json: string; readonly hasLong: boolean } {
  try {
    return { json: JSON.stringify(row), hasLong: false };
  } catch {
    return { json: stringifyJson(row), hasLong: true };
  }
}

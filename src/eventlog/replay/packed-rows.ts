import { parseJson, stringifyJson } from '../../util/lossless-json.ts';
import { packText, type PackedText, unpackText } from './packed-text.ts';
import { SharedValues } from './shared-values.ts';
import { withSteadyNursery } from './steady-nursery.ts';

/** What is compressed together: longer texts would not be young any more when they are done with. */
const BLOCK_CHARACTERS = 64 * 1024;

/** Rows on their way to another thread: far smaller there and back than a copy of the objects. */
export interface PackedRows<T> {
  /** JSON arrays, compressed. */
  readonly blocks: readonly PackedText[];
  /** Whether there are whole numbers beyond 2^53 that are `bigint`. */
  readonly hasLong: boolean;
  /** Never set: keeps packed rows of different kinds apart. */
  readonly row?: T;
}

/** Takes one row after another, so that they need not all be there at once. Rows are plain JSON, and may hold `bigint`. */
export function packRows<T>(rows: Iterable<T>): PackedRows<T> {
  const blocks: PackedText[] = [];
  let hasLong = false;
  let texts: string[] = [];
  let characters = 0;
  const pack = (): void => {
    if (texts.length > 0) blocks.push(packText(`[${texts.join(',')}]`));
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

/** The rows that were packed. Values that repeat are shared among them, so they must not be changed. */
export function unpackRows<T>(packed: PackedRows<T>): T[] {
  return withSteadyNursery(() => [...unpacked(packed)]);
}

function* unpacked<T>({ blocks, hasLong }: PackedRows<T>): Generator<T> {
  const parse = hasLong ? parseJson : JSON.parse;
  const values = new SharedValues();
  // What was packed of rows of this type.
  for (const block of blocks) for (const row of parse(unpackText(block)) as T[]) yield values.share(row) as T;
}

function textOf(row: unknown): { readonly json: string; readonly hasLong: boolean } {
  try {
    return { json: JSON.stringify(row), hasLong: false };
  } catch {
    return { json: stringifyJson(row), hasLong: true };
  }
}

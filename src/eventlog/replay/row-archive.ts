import { packText, type PackedText, unpackText } from './packed-text.ts';

/** What is compressed together. */
const BLOCK_CHARACTERS = 64 * 1024;
/** So much may be dropped before the rest is put together anew. */
const MAX_DROPPED_CHARACTERS = 4 * 1024 * 1024;

/** A row in a {@link RowArchive}. */
export interface ArchivedRow {
  /** Changes when the archive puts its blocks together anew. */
  block: Block;
  index: number;
  readonly characters: number;
}

interface Block {
  /** Until the block is full. */
  texts: string[] | undefined;
  packed: PackedText | undefined;
  /** Those that were not dropped. */
  readonly rows: Set<ArchivedRow>;
}

/**
 * Rows that are over but will be told in the end: compressed JSON outside the heap, a tenth of their size there.
 *
 * A row must be plain JSON; what comes out equals what went in, as another object.
 */
export class RowArchive {
  readonly #blocks = new Set<Block>();
  #open = newBlock();
  #openCharacters = 0;
  #kept = 0;
  #dropped = 0;
  /** The block that was read last, because neighbours are read one after another. */
  #read: { readonly block: Block; readonly texts: readonly string[] } | undefined;

  add(row: unknown): ArchivedRow {
    const text = JSON.stringify(row);
    const archived = { block: this.#open, index: 0, characters: text.length };
    this.#kept += text.length;
    this.#put(archived, text);
    return archived;
  }

  get(row: ArchivedRow): unknown {
    return JSON.parse(this.#textOf(row));
  }

  drop(row: ArchivedRow): void {
    const { block, characters } = row;
    if (!block.rows.delete(row)) return;
    this.#kept -= characters;
    this.#dropped += characters;
    if (block.rows.size === 0 && block.packed !== undefined) this.#blocks.delete(block);
    if (this.#dropped > MAX_DROPPED_CHARACTERS && this.#dropped > this.#kept) this.#rearrange();
  }

  #put(row: ArchivedRow, text: string): void {
    row.block = this.#open;
    row.index = this.#open.texts?.push(text) ?? 0;
    row.index--;
    this.#open.rows.add(row);
    this.#openCharacters += text.length;
    if (this.#openCharacters < BLOCK_CHARACTERS) return;
    this.#open.packed = packText(this.#open.texts?.join('\n') ?? '');
    this.#open.texts = undefined;
    this.#blocks.add(this.#open);
    this.#open = newBlock();
    this.#openCharacters = 0;
  }

  #textOf({ block, index }: ArchivedRow): string {
    if (block.texts !== undefined) return block.texts[index] ?? '';
    if (this.#read?.block !== block) {
      this.#read = { block, texts: block.packed === undefined ? [] : unpackText(block.packed).split('\n') };
    }
    return this.#read.texts[index] ?? '';
  }

  #rearrange(): void {
    const old = [...this.#blocks];
    this.#blocks.clear();
    for (const block of old) for (const row of block.rows) this.#put(row, this.#textOf(row));
    this.#read = undefined;
    this.#dropped = 0;
  }
}

function newBlock(): Block {
  return { texts: [], packed: undefined, rows: new Set() };
}

const SLOTS = 1024;
const LONGEST = 64;

interface Cached {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Short texts that come again and again, such as host names: found by their bytes, so that no string is made. */
export class TextCache {
  readonly #slots: (Cached | undefined)[] = new Array<Cached | undefined>(SLOTS).fill(undefined);

  /** @param hash - of the bytes, which must be ASCII */
  get(bytes: Buffer, start: number, end: number, hash: number): string {
    const slot = (hash ^ (hash >>> 10)) & (SLOTS - 1);
    const cached = this.#slots[slot];
    if (cached !== undefined && isSame(cached.bytes, bytes, start, end)) return cached.text;

    const text = bytes.toString('latin1', start, end);
    if (end - start <= LONGEST) this.#slots[slot] = { bytes: Uint8Array.from(bytes.subarray(start, end)), text };
    return text;
  }
}

function isSame(known: Uint8Array, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

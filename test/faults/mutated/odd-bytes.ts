import type { Chance } from './chance.ts';

type ByteMutation = (bytes: Buffer, chance: Chance) => Buffer;

const LENGTHS = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x01000000] as const;

/** What a disk, a network or an attacker does to stored bytes; most of it breaks the frame of a compressed stream. */
const MUTATIONS: readonly [ByteMutation, ...ByteMutation[]] = [
  // Bits that flipped.
  (bytes, chance) => {
    const changed = Buffer.from(bytes);
    for (let flips = 1 + chance.below(8); flips > 0; flips--) {
      const at = chance.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << chance.below(8));
    }
    return changed;
  },
  // Cut at the end, and at the beginning.
  (bytes, chance) => bytes.subarray(0, chance.below(bytes.length)),
  (bytes, chance) => bytes.subarray(chance.below(Math.min(bytes.length, 200))),
  // Cut in the very last bytes: checksums and end marks.
  (bytes, chance) => bytes.subarray(0, Math.max(0, bytes.length - 1 - chance.below(30))),
  // A piece gone, a piece twice, a piece elsewhere, a piece of zeros.
  (bytes, chance) => {
    const [from, to] = pieceOf(bytes, chance);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, chance) => {
    const [from, to] = pieceOf(bytes, chance);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  (bytes, chance) => {
    const [from, to] = pieceOf(bytes, chance);
    const at = chance.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, to), bytes.subarray(at)]);
  },
  (bytes, chance) => {
    const [from, to] = pieceOf(bytes, chance);
    return Buffer.from(bytes).fill(0, from, to);
  },
  // A length that lies, near the beginning, where frames tell theirs.
  (bytes, chance) => {
    const changed = Buffer.from(bytes);
    const at = chance.below(Math.min(changed.length, chance.happens(0.5) ? 64 : changed.length));
    if (at + 4 > changed.length) return changed;
    const length = chance.pick(LENGTHS);
    if (chance.happens(0.5)) changed.writeUInt32LE(length, at);
    else changed.writeUInt32BE(length, at);
    return changed;
  },
  // Noise behind it, and in it.
  (bytes, chance) => Buffer.concat([bytes, noise(chance)]),
  (bytes, chance) => {
    const at = chance.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), noise(chance), bytes.subarray(at)]);
  },
  (_bytes, chance) => noise(chance),
  () => Buffer.alloc(0),
];

export function mutatedBytes(bytes: Buffer, chance: Chance): Buffer {
  return chance.pick(MUTATIONS)(bytes, chance);
}

function pieceOf(bytes: Buffer, chance: Chance): readonly [from: number, to: number] {
  const from = chance.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + chance.below(chance.happens(0.5) ? 64 : 20_000))];
}

function noise(chance: Chance): Buffer {
  return Buffer.from(Array.from({ length: 1 + chance.below(300) }, () => chance.below(256)));
}

import { seededRandom } from '../../support/seeded-random.ts';

/** What a case draws from: the same seed and number give the same case, whatever was made before it. */
export interface Chance {
  /** From 0 to below `end`, whole. */
  below(end: number): number;
  /** True in this share of the draws. */
  happens(share: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
}

export function chanceOf(seed: number, number: number): Chance {
  // Neighbouring numbers must not draw neighbouring values: the generator mixes only what its state adds up.
  const random = seededRandom(Math.imul(seed ^ 0x9e3779b9, 2 * number + 1) ^ (number << 7));
  random();
  const below = (end: number): number => Math.floor(random() * Math.max(1, end));
  return {
    below,
    happens: (share) => random() < share,
    pick: (from) => from[below(from.length)] ?? from[0],
  };
}

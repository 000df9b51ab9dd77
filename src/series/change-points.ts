import { seededRandom } from '../regression/random.ts';

/** A place where the level of a series changed for good. */
export interface ChangePoint {
  /** Index of the first value of the new level. */
  readonly index: number;
  /** Share of shuffled series that show as large a change by accident; at most {@link SIGNIFICANCE}. */
  readonly pValue: number;
}

export interface ChangePointOptions {
  /** A level lasts at least this many values. */
  readonly minLength?: number | undefined;
  readonly permutations?: number | undefined;
  readonly seed?: number | undefined;
}

/** Share of series without any change in which one is found, at most, where neighbours are independent. */
export const SIGNIFICANCE = 0.01;
const MIN_LENGTH = 5;
const PERMUTATIONS = 199;

/**
 * The places where the distribution of a series changes: E-divisive with means.
 *
 * The series is cut where the energy distance between the two sides is largest, if no more than {@link SIGNIFICANCE} of
 * shuffled series could be cut as well; then each side is looked at in the same way. Assumes no shape of the noise, but that values are
 * independent: a rhythm of days reads as changes.
 *
 * @returns by index; equal for equal series, because chance comes from the seed
 * @see D. S. Matteson, N. A. James, "A nonparametric approach for multiple change point analysis of multivariate data",
 *   JASA 109 (2014); used for performance series by D. Daly et al., "The use of change point detection to identify software
 *   performance regressions in a continuous integration system", ICPE 2020
 */
export function changePoints(values: readonly number[], options: ChangePointOptions = {}): ChangePoint[] {
  const { minLength = MIN_LENGTH, permutations = PERMUTATIONS, seed = 1 } = options;
  const random = seededRandom(seed);
  const found: ChangePoint[] = [];
  const look = (from: number, to: number): void => {
    const part = values.slice(from, to);
    const best = bestCut(part, minLength);
    if (best === undefined) return;
    const pValue = chanceOf(best.strength, part, { minLength, permutations, random });
    if (pValue > SIGNIFICANCE) return;
    found.push({ index: from + best.at, pValue });
    look(from, from + best.at);
    look(from + best.at, to);
  };
  look(0, values.length);
  return found.sort((a, b) => a.index - b.index);
}

interface Cut {
  readonly at: number;
  readonly strength: number;
}

/** A permutation test: the series itself counts as one of those that show it. */
function chanceOf(
  strength: number,
  values: readonly number[],
  { minLength, permutations, random }: { minLength: number; permutations: number; random: () => number },
): number {
  const shuffled = [...values];
  const most = Math.floor(SIGNIFICANCE * (permutations + 1));
  let asStrong = 1;
  for (let i = 0; i < permutations; i += 1) {
    shuffle(shuffled, random);
    // Equal sums may differ in their last digit by the order of adding.
    if ((bestCut(shuffled, minLength)?.strength ?? 0) >= strength * (1 - 1e-9)) asStrong += 1;
    if (asStrong > most) return 1;
  }
  return asStrong / (permutations + 1);
}

/**
 * Where the two sides are furthest apart: `mn / (m + n) × (2 E|X − Y| − E|X − X'| − E|Y − Y'|)`.
 *
 * The three sums follow from the ones of the cut before, so all cuts together take time in the square of the length.
 */
function bestCut(values: readonly number[], minLength: number): Cut | undefined {
  const n = values.length;
  if (n < 2 * minLength) return undefined;
  let [left, across, right] = [0, 0, 0];
  for (let i = 0; i < n; i += 1) for (let j = 0; j < i; j += 1) right += Math.abs((values[i] ?? 0) - (values[j] ?? 0));
  let best: Cut | undefined;
  for (let at = 1; at <= n - minLength; at += 1) {
    const moved = values[at - 1] ?? 0;
    let [toLeft, toRight] = [0, 0];
    for (let i = 0; i < at - 1; i += 1) toLeft += Math.abs((values[i] ?? 0) - moved);
    for (let i = at; i < n; i += 1) toRight += Math.abs((values[i] ?? 0) - moved);
    left += toLeft;
    across += toRight - toLeft;
    right -= toRight;
    if (at < minLength) continue;
    const rest = n - at;
    const distance =
      (2 * across) / (at * rest) -
      (at < 2 ? 0 : (2 * left) / (at * (at - 1))) -
      (rest < 2 ? 0 : (2 * right) / (rest * (rest - 1)));
    const strength = ((at * rest) / n) * distance;
    if (best === undefined || strength > best.strength) best = { at, strength };
  }
  return best;
}

function shuffle(values: number[], random: () => number): void {
  for (let i = values.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [values[j] ?? 0, values[i] ?? 0];
  }
}

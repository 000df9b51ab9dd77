import type { Configuration } from './history-run.ts';

/** A full prediction costs about a millisecond: so many of them are made. */
const MOST_CANDIDATES = 16;
/** A core costs about as much as ten GiB, on average: near enough for a first choice. */
const GIB_PER_CORE = 10;

/**
 * The configurations worth a full prediction: those that no other beats in both time and price, then those that only these beat, and so on.
 *
 * SLA, budget and priority play no part, so that loosening one never loses a better answer.
 *
 * @param roughly - about how long a configuration takes
 */
export function shortlist(
  configurations: readonly Configuration[],
  roughly: (configuration: Configuration) => number,
  most: number = MOST_CANDIDATES,
): readonly Configuration[] {
  if (configurations.length <= most) return configurations;
  let left = configurations
    .map((configuration): Rated => {
      const time = roughly(configuration);
      const { executors, coresPerExecutor, memoryMib } = configuration;
      return { configuration, time, price: time * executors * (coresPerExecutor + memoryMib / 1024 / GIB_PER_CORE) };
    })
    .sort((a, b) => a.time - b.time || a.price - b.price);
  const chosen: Configuration[] = [];
  while (chosen.length < most && left.length > 0) {
    const { front, behind } = frontOf(left);
    chosen.push(...evenly(front, most - chosen.length));
    left = behind;
  }
  return chosen;
}

interface Rated {
  readonly configuration: Configuration;
  readonly time: number;
  readonly price: number;
}

/**
 * Those that no other beats, quickest first.
 *
 * @param sorted - by time, then price: what could beat one stands before it
 */
function frontOf(sorted: readonly Rated[]): { readonly front: Configuration[]; readonly behind: Rated[] } {
  const front: Configuration[] = [];
  const behind: Rated[] = [];
  let last: Rated | undefined;
  for (const each of sorted) {
    const isBeaten =
      last !== undefined && last.price <= each.price && (last.time < each.time || last.price < each.price);
    if (isBeaten) behind.push(each);
    else {
      front.push(each.configuration);
      last = each;
    }
  }
  return { front, behind };
}

/** At most so many, evenly spread, with both ends. */
function evenly<T>(ordered: readonly T[], most: number): readonly T[] {
  if (ordered.length <= most) return ordered;
  if (most === 1) return ordered.slice(0, 1);
  return Array.from({ length: most }, (_, k) => Math.round((k * (ordered.length - 1)) / (most - 1))).flatMap((at) =>
    ordered.slice(at, at + 1),
  );
}

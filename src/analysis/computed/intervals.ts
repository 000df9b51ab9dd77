export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** The intervals without overlaps, in order. */
export function union(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || from > last.to) merged.push({ from, to });
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, to) };
  }
  return merged;
}

export function lengthOf(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0);
}

/** How long an interval overlaps with others that do not overlap among themselves. */
export function overlapOf({ from, to }: Interval, others: readonly Interval[]): number {
  return others.reduce((sum, other) => sum + Math.max(0, Math.min(to, other.to) - Math.max(from, other.from)), 0);
}

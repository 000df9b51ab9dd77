/** A span of time in milliseconds since any common zero; it ends no earlier than it starts. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/**
 * The time in which at least one interval runs: the length of their union.
 *
 * @returns milliseconds, 0 without intervals
 */
export function unionLength(intervals: readonly Interval[]): number {
  let length = 0;
  let reached = -Infinity;
  for (const { start, end } of intervals.toSorted(byStart)) {
    if (end <= reached) continue;
    length += end - Math.max(start, reached);
    reached = end;
  }
  return length;
}

/**
 * Whether two intervals run at the same time: one starts strictly before those that started earlier have all ended.
 *
 * Touching (one starts as the other ends) is not overlapping.
 */
export function someOverlap(intervals: readonly Interval[]): boolean {
  let reached = -Infinity;
  return intervals.toSorted(byStart).some(({ start, end }) => {
    const overlaps = start < reached;
    reached = Math.max(reached, end);
    return overlaps;
  });
}

/** The end decides between equal starts, so that the order of the input never does. */
function byStart(left: Interval, right: Interval): number {
  return left.start - right.start || left.end - right.end;
}

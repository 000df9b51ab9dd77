const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** A line of bars from nothing (`·`) to the largest value; nothing at all when all are nothing. */
export function sparkline(values: readonly number[]): string {
  const largest = Math.max(0, ...values);
  if (largest === 0) return '';
  return values
    .map((value) => (value <= 0 ? '·' : BARS[Math.min(BARS.length - 1, Math.floor((value / largest) * BARS.length))]))
    .join('');
}

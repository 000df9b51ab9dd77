/** A point of a curve with the range it is believed to lie in. */
export interface RangedPoint {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const WIDTH = 48;

/**
 * Bars for a terminal: full to the value, with the range drawn over it (`├──┤`).
 *
 * @param show - the value as a person reads it
 */
export function barPlot(points: readonly RangedPoint[], show: (value: number) => string): string {
  const largest = Math.max(...points.map(({ high }) => high));
  const labelWidth = Math.max(...points.map(({ label }) => label.length));
  const at = (value: number): number => (largest === 0 ? 0 : Math.round((value / largest) * (WIDTH - 1)));
  return points
    .map(({ label, value, low, high }) => {
      const cells = Array.from({ length: WIDTH }, (_, cell) => {
        if (cell === at(low) && cell === at(high)) return '┼';
        if (cell === at(low)) return '├';
        if (cell === at(high)) return '┤';
        if (cell > at(low) && cell < at(high)) return cell === at(value) ? '●' : '─';
        return cell < at(low) ? '█' : ' ';
      });
      return `${label.padStart(labelWidth)} ${cells.join('').trimEnd().padEnd(WIDTH)} ${show(value)}`;
    })
    .join('\n');
}

const [SVG_WIDTH, SVG_HEIGHT, MARGIN] = [720, 400, 60];

/** The same as a curve with its range as a band: an SVG document that needs nothing else. */
export function curveSvg(title: string, points: readonly RangedPoint[], show: (value: number) => string): string {
  const largest = Math.max(...points.map(({ high }) => high), 1);
  const x = (index: number): number => MARGIN + (index * (SVG_WIDTH - 2 * MARGIN)) / Math.max(1, points.length - 1);
  const y = (value: number): number => SVG_HEIGHT - MARGIN - (value / largest) * (SVG_HEIGHT - 2 * MARGIN);
  const place = (index: number, value: number): string => `${x(index).toFixed(1)},${y(value).toFixed(1)}`;
  const band = [
    ...points.map(({ high }, index) => place(index, high)),
    ...points.map(({ low }, index) => place(index, low)).reverse(),
  ].join(' ');
  const labels = points
    .map(({ label, value }, index) =>
      [
        `<circle cx="${x(index).toFixed(1)}" cy="${y(value).toFixed(1)}" r="4" fill="#2563eb"/>`,
        `<text x="${x(index).toFixed(1)}" y="${(y(value) - 10).toFixed(1)}" text-anchor="middle">${escapeXml(show(value))}</text>`,
        `<text x="${x(index).toFixed(1)}" y="${SVG_HEIGHT - MARGIN + 20}" text-anchor="middle">${escapeXml(label)}</text>`,
      ].join(''),
    )
    .join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SVG_WIDTH} ${SVG_HEIGHT}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${SVG_WIDTH / 2}" y="28" text-anchor="middle" font-size="16">${escapeXml(title)}</text>
<line x1="${MARGIN}" y1="${SVG_HEIGHT - MARGIN}" x2="${SVG_WIDTH - MARGIN}" y2="${SVG_HEIGHT - MARGIN}" stroke="#888"/>
<polygon points="${band}" fill="#2563eb" opacity="0.15"/>
<polyline points="${points.map(({ value }, index) => place(index, value)).join(' ')}" fill="none" stroke="#2563eb" stroke-width="2"/>
${labels}
<text x="${SVG_WIDTH / 2}" y="${SVG_HEIGHT - 14}" text-anchor="middle">executors</text>
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

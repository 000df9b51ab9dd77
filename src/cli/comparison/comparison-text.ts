import type { CausePart, Comparison } from '../../comparison/compare-runs.ts';
import type { MeasureChange, PropertyChange } from '../../comparison/layers.ts';
import { plain } from '../findings/findings-text.ts';
import { bytesText, durationText, percentText } from '../units.ts';

/** `+3.2 s`, `−850 ms`. */
export function changeText(ms: number): string {
  if (ms === 0) return '0 ms';
  return `${ms > 0 ? '+' : '−'}${durationText(Math.abs(ms))}`;
}

/** One sentence for the whole difference. */
export function verdictText({ before, after, changeMs, ratio }: Comparison): string {
  const times = `${durationText(before.durationMs)} → ${durationText(after.durationMs)}`;
  if (changeMs === 0) return `Both took ${durationText(after.durationMs)}.`;
  const percent = ratio === null ? '' : ` (${percentText(Math.abs(ratio - 1))})`;
  return `${times}: ${durationText(Math.abs(changeMs))} ${changeMs > 0 ? 'slower' : 'faster'}${percent}.`;
}

/** A part's share of the whole change; undefined where there is none to speak of. */
export function shareText({ changeMs }: CausePart, total: number): string | undefined {
  return total === 0 ? undefined : percentText(changeMs / total);
}

export function propertyValue(value: string | undefined): string {
  return value === undefined ? 'not set' : sizesText(plain(value));
}

/** `inputBytes` → `input`: the unit is said with the value. */
export function measureName({ measure }: MeasureChange): string {
  return measure
    .replace(/CoreMs$/, 'CoreTime')
    .replace(/(?:Bytes|Ratio)$/, '')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

export function measureValue({ measure }: MeasureChange, value: number | null): string {
  if (value === null) return 'not measured';
  if (measure.endsWith('CoreMs')) return `${(value / 3_600_000).toFixed(3)} core-h`;
  if (measure.endsWith('Bytes')) return bytesText(value);
  if (measure.endsWith('Ratio')) return percentText(value);
  return String(value);
}

/** Only what differs is worth a line. */
export function differing(changes: readonly MeasureChange[]): MeasureChange[] {
  return changes.filter(({ before, after }) => before !== after);
}

/** `inputBytes 100 → 200 (×2)` of the evidence, with bytes as a person reads them. */
export function evidenceText(text: string): string {
  const measured = /^(\w+Bytes) (\d+) → (\d+)(.*)$/s.exec(text);
  if (measured === null) return sizesText(plain(text));
  const [, name = '', before = '', after = '', rest = ''] = measured;
  return `${name.replace(/Bytes$/, '')} ${bytesText(Number(before))} → ${bytesText(Number(after))}${rest}`;
}

/** Sizes of properties, which documents keep in bytes: `1073741824b` → `1.00 GiB`. */
function sizesText(text: string): string {
  return text.replaceAll(/(?<![\w.])(\d{4,15})b(?!\w)/g, (_, bytes: string) => bytesText(Number(bytes)));
}

export function layerRows(comparison: Comparison): readonly LayerRow[] {
  const property = (layer: string) => (change: PropertyChange) => ({
    layer,
    what: plain(change.name),
    before: propertyValue(change.before),
    after: propertyValue(change.after),
  });
  const measure = (layer: string) => (change: MeasureChange) => ({
    layer,
    what: measureName(change),
    before: measureValue(change, change.before),
    after: measureValue(change, change.after),
  });
  return [
    ...comparison.environment.map(property('environment')),
    ...comparison.properties.map(property('property')),
    ...differing(comparison.data).map(measure('data')),
    ...differing(comparison.executors).map(measure('executors')),
  ];
}

export interface LayerRow {
  readonly layer: string;
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

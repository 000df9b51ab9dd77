import type { LargestTask, MetricValues, RankedValues } from './metric-values.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NS_PER_MS = 1e6;
/** Averages are kept as whole numbers, ten times what they are. */
const AVERAGE_SCALE = 10;
const CUSTOM = 'v2Custom_';
const SUFFIX = '(min, med, max (stageId: taskId))';

const FIVE = 0x35;

type Format = (value: number | bigint) => string;

const FORMATS: Readonly<Record<string, Format>> = {
  size: bytesToString,
  timing: msDurationToString,
  nsTiming: (ns) => msDurationToString(Math.trunc(Number(ns) / NS_PER_MS)),
};

/** Whether the server tells which task had the largest value. */
export function needsLargest(metricType: string): boolean {
  return metricType !== 'sum';
}

/**
 * A metric as the server shows it: `1,234`, or `total (min, med, max …)` over the tasks.
 *
 * @returns `undefined` for a type that no Spark up to 4.0 has
 * @see Spark, `core/src/main/scala/org/apache/spark/util/MetricUtils.scala`, `stringValue`
 */
export function metricText(metricType: string, values: MetricValues): string | undefined {
  // A connector's own metric needs the connector's classes, which a server does not have.
  if (metricType.startsWith(CUSTOM)) return 'N/A';
  if (metricType === 'sum') return grouped(values.sum());
  const task = describeTask(values.largest);
  if (metricType === 'average') {
    const average: Format = (value) => grouped(Number(value) / AVERAGE_SCALE);
    const ranked = values.ranked(false);
    return ranked.count <= 1 ? average(ranked.at(0)) : `${SUFFIX}:\n(${spread(ranked, average)} ${task})`;
  }
  const format = Object.hasOwn(FORMATS, metricType) ? FORMATS[metricType] : undefined;
  if (format === undefined) return undefined;
  const ranked = values.ranked(true);
  if (ranked.count <= 1) return format(ranked.at(0));
  return `total ${SUFFIX}\n${format(values.sumOfValid())} (${spread(ranked, format)} ${task})`;
}

/** A metric as one number: count, bytes, milliseconds, or the mean of the averages. */
export function metricNumber(metricType: string, values: MetricValues): number {
  switch (metricType) {
    case 'nsTiming':
      return Number(values.sumOfValid()) / NS_PER_MS;
    case 'average': {
      const { count } = values.ranked(false);
      return count === 0 ? 0 : Number(values.sumOfValid()) / AVERAGE_SCALE / count;
    }
    case 'size':
    case 'timing':
      return Number(values.sumOfValid());
    default:
      return Number(values.sum());
  }
}

function spread(ranked: RankedValues, format: Format): string {
  const ranks = [0, Math.trunc(ranked.count / 2), ranked.count - 1];
  return ranks.map((rank) => format(ranked.at(rank))).join(', ');
}

function describeTask(largest: LargestTask | undefined): string {
  if (largest === undefined) return '(driver)';
  return `(stage ${largest.stageId}.${largest.attemptId}: task ${largest.taskId})`;
}

/** `8.0 KiB`: a unit is used from two of it on. */
function bytesToString(bytes: number | bigint): string {
  const size = Number(bytes);
  let unit = 0;
  while (unit < BYTE_UNITS.length - 1 && size >= 2 * 1024 ** (unit + 1)) unit++;
  return `${javaFixed(size / 1024 ** unit, 1)} ${BYTE_UNITS[unit] ?? 'B'}`;
}

/** In single precision, as Spark computes it: that decides some last digits. */
function msDurationToString(duration: number | bigint): string {
  const ms = Number(duration);
  const inUnits = (unit: number): number => Math.fround(Math.fround(ms) / unit);
  if (ms < SECOND) return `${ms} ms`;
  if (ms < MINUTE) return `${javaFixed(inUnits(SECOND), 1)} s`;
  if (ms < HOUR) return `${javaFixed(inUnits(MINUTE), 1)} m`;
  return `${javaFixed(inUnits(HOUR), 2)} h`;
}

/**
 * Java's `%.1f`: rounds half up on the shortest decimal digits of the number, where `toFixed` rounds its binary value.
 *
 * @param value - at least 0
 */
export function javaFixed(value: number, digits: number): string {
  const text = String(value);
  const point = text.indexOf('.');
  if (point < 0 || text.includes('e')) return value.toFixed(digits);
  const end = point + 1 + digits;
  if (text.length <= end) return text.padEnd(end, '0');
  if (text.charCodeAt(end) < FIVE) return text.slice(0, end);
  // One more in the last place that is kept, with its carry.
  const kept = String(BigInt(text.slice(0, point) + text.slice(point + 1, end)) + 1n).padStart(digits + 1, '0');
  return `${kept.slice(0, -digits)}.${kept.slice(-digits)}`;
}

/** Thousands apart by commas. */
function grouped(value: number | bigint): string {
  if (value > -1000 && value < 1000) return String(value);
  const [whole = '', fraction] = String(value).split('.');
  const parted = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? parted : `${parted}.${fraction}`;
}

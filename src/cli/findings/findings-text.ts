import type { CostInShort, PricedAnalysis } from '../../app/price-analysis.ts';
import type { Fact, Finding, Range } from '../../analysis/finding.ts';
import { EXAMPLE_PRICES, moneyRangeText, moneyText } from '../money-text.ts';
import { bytesText, durationText, percentText } from '../units.ts';

const MS_PER_HOUR = 3_600_000;

/** What a finding's fix would save: time, or core-hours where the time stays; undefined where it is neither. */
export function savingText({ savings }: Finding): string | undefined {
  if (savings.timeMs.high > 0) return rangeText(savings.timeMs);
  return savings.coreMs.high > 0 ? `${coreHoursText(savings.coreMs.high)} core-h` : undefined;
}

/** What that is worth; undefined where it is nothing or the run's cost is not known. */
export function worthText({ savings: { cost } }: Finding): string | undefined {
  return cost === undefined || cost.high <= 0 ? undefined : moneyRangeText(cost);
}

/** `up to 2.0 s`, `1.5 s`, `1.0 s – 2.0 s`. */
export function rangeText({ low, high }: Range): string {
  const [from, to] = [durationText(low), durationText(high)];
  if (low <= 0) return `up to ${to}`;
  return from === to ? to : `${from} – ${to}`;
}

export function coreHoursText(coreMs: number): string {
  const hours = coreMs / MS_PER_HOUR;
  return hours >= 1 ? hours.toFixed(1) : hours.toFixed(3);
}

/** `maxToMedianRatio: 5.1`, with the unit that its name ends in. */
export function factText(name: string, value: Fact): string {
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).join(', ');
    return value.length > 8 ? `${shown}, … (${value.length})` : shown;
  }
  if (typeof value !== 'number') return String(value);
  if (/Bytes|bytes/.test(name)) return bytesText(value);
  if (name.endsWith('Ms')) return durationText(value);
  if (/(?:Share|ShareOfRunTime|ShareWhileJobsRan)$/.test(name)) return percentText(value);
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

/** `maxToMedianRatio` → `max to median ratio`; the unit is said with the value. */
export function factName(name: string): string {
  return name
    .replace(/(?<=.)Ms$/, '')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

/** `--conf key=value` of a fix, ready to paste. */
export function settingsOf({ fix }: Finding): readonly string[] {
  return Object.entries(fix.set ?? {}).map(([key, value]) => `--conf ${key}=${value}`);
}

/** One line for the whole run. */
export function verdictText({ findings, total, durationMs, cost }: PricedAnalysis): string {
  const took = durationText(durationMs);
  const run = 'because' in cost ? `It took ${took}` : `It took ${took} and cost ${costText(cost)}`;
  if (findings.length === 0) return `${run}, and nothing was found that would be worth changing.`;
  const { timeMs, coreMs } = total;
  const time = timeMs.high > 0 ? `${rangeText(timeMs)} of its ${took}` : undefined;
  const cores = coreMs.high > 0 ? `${coreHoursText(coreMs.high)} core-hours` : undefined;
  const money = total.cost === undefined || total.cost.high <= 0 ? undefined : moneyRangeText(total.cost);
  const saves = [time, cores].filter((text) => text !== undefined).join(', at most ');
  const worth = saves === '' || money === undefined ? (money ?? saves) : `${saves} (${money})`;
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return worth === '' ? `${run}; ${count}.` : `${run}; ${count}; together they are worth ${worth}.`;
}

function costText({ total, currency, hasExamplePrices }: CostInShort): string {
  return `${moneyText(total, currency)}${hasExamplePrices ? ' by example prices' : ''}`;
}

/** What is to be known of the amounts of findings: what idled, whose prices they are, or why there are none. */
export function costNotes({ cost, findings }: PricedAnalysis): readonly string[] {
  // A run with nothing to gain has one line.
  if (findings.length === 0) return [];
  if ('because' in cost) return [`Its cost is not measurable, because ${cost.because}.`];
  const { total, idle, currency, hasExamplePrices } = cost;
  const idleText =
    idle === undefined || total === 0
      ? []
      : [`Cores without a task cost ${moneyText(idle, currency)} of it (${percentText(idle / total)}).`];
  return hasExamplePrices ? [...idleText, EXAMPLE_PRICES] : idleText;
}

/** Text from a log must not rearrange somebody's terminal or page. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}

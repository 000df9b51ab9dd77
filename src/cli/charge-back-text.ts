import type { ChargeBackAnswer } from '../app/charge-back.ts';
import type { ChargeBackGroup, GroupTotals } from '../money/charge-back.ts';
import { csvText } from './csv-text.ts';
import { amountText, EXAMPLE_PRICES } from './money-text.ts';
import { sparkline } from './sparkline.ts';
import { table, type Column } from './table.ts';
import { percentText, timeText } from './units.ts';

const MS_PER_DAY = 86_400_000;

/** A line of the table: a group, the sum of those that are not shown, or of all. */
interface Line extends Omit<ChargeBackGroup, 'group'> {
  readonly title: string;
}

/** For a terminal: dearest first, the sum last, and what to know of the numbers. */
export function chargeBackText(
  answer: ChargeBackAnswer,
  { width, limit }: { readonly width: number; readonly limit: number },
): string {
  const { by, groups, total, hasExamplePrices } = answer;
  // Of days the newest are wanted, of all else the dearest.
  const shown = by === 'day' ? groups.slice(Math.max(0, groups.length - limit)) : groups.slice(0, limit);
  const lines: Line[] = [
    ...shown.map((group, i) => ({
      ...group,
      title: group.group ?? '(none)',
      ...(by === 'day' ? dayBefore(group, shown[i - 1]) : {}),
    })),
    { ...total, title: 'ALL' },
  ];
  const rest = groups.length - shown.length;
  return [
    table(lines, columnsOf(answer), width),
    '',
    ...(rest > 0 ? [`and ${rest} more, in ALL (--limit shows them, --format csv has all).`] : []),
    trendNote(answer),
    ...missing(answer),
    ...(hasExamplePrices ? [EXAMPLE_PRICES] : []),
  ].join('\n');
}

/** A day is compared with the one before it, where there were runs on that. */
function dayBefore(day: ChargeBackGroup, before: ChargeBackGroup | undefined): { before?: GroupTotals | undefined } {
  const isNext =
    typeof day.group === 'string' &&
    typeof before?.group === 'string' &&
    Date.parse(day.group) - Date.parse(before.group) === MS_PER_DAY;
  return { before: isNext ? before : undefined };
}

function trendNote({ by, since, until, before }: ChargeBackAnswer): string {
  if (by === 'day') return 'TREND is against the day before.';
  if (since === undefined) return 'TREND needs a period to compare with: --since 30d.';
  const to = until === undefined ? '' : ` until ${timeText(until)}`;
  return `Runs that ended from ${timeText(since)}${to}; TREND is against as long a time before, since ${timeText(before?.since ?? since)}.`;
}

function columnsOf({ by, currency, total }: ChargeBackAnswer): readonly Column<Line>[] {
  const isPriced = total.unmeasured.cost < total.runs;
  return [
    { title: by.toUpperCase(), cell: ({ title }) => title },
    { title: 'RUNS', align: 'right', cell: ({ runs }) => String(runs) },
    {
      title: 'CORE-H',
      align: 'right',
      cell: ({ runs, coreHours, unmeasured }) => (unmeasured.coreHours < runs ? hoursText(coreHours) : undefined),
    },
    {
      title: 'WASTED',
      align: 'right',
      cell: ({ runs, wastedCoreHours, wastedShare, unmeasured }) => {
        if (unmeasured.wastedCoreHours >= runs) return undefined;
        return `${hoursText(wastedCoreHours)}${wastedShare === null ? '' : ` (${percentText(wastedShare)})`}`;
      },
    },
    {
      title: `COST (${currency})`,
      align: 'right',
      cell: ({ runs, cost, unmeasured }) => (unmeasured.cost < runs ? amountText(cost) : undefined),
    },
    {
      title: 'FAILED',
      align: 'right',
      cell: ({ failedShare }) => (failedShare === null ? undefined : percentText(failedShare)),
    },
    { title: 'TREND', align: 'right', cell: (line) => changeText(line) },
    ...(by === 'day' || !isPriced
      ? []
      : [{ title: 'COST OVER TIME', cell: ({ series }: Line) => sparkline(series), optional: true }]),
  ];
}

function hoursText(hours: number): string {
  return hours >= 100 ? hours.toFixed(0) : hours >= 1 ? hours.toFixed(1) : hours.toFixed(3);
}

/** `+12 %`, `new`, `gone`. */
function changeText(line: Line): string | undefined {
  const { runs, before } = line;
  const change = changeOf(line, before);
  if (change !== undefined) return `${change >= 0 ? '+' : '−'}${percentText(Math.abs(change))}`;
  if (before === undefined) return undefined;
  return before.runs === 0 ? 'new' : runs === 0 ? 'gone' : undefined;
}

/** How much more was spent than before, as a share of before, of core-hours where there is no cost; undefined when nothing was. */
export function changeOf(
  now: Pick<GroupTotals, 'cost' | 'coreHours' | 'runs' | 'unmeasured'>,
  before: GroupTotals | undefined,
): number | undefined {
  if (before === undefined || now.runs === 0) return undefined;
  if (before.cost > 0 && now.unmeasured.cost < now.runs) return now.cost / before.cost - 1;
  if (before.coreHours > 0 && now.unmeasured.coreHours < now.runs) return now.coreHours / before.coreHours - 1;
  return undefined;
}

function missing({ total, notMeasurable }: ChargeBackAnswer): string[] {
  const reasons = notMeasurable.map(
    ({ what, because, runs }) =>
      `${what === 'cost' ? 'COST' : 'WASTED'} leaves out ${runs} of ${total.runs} runs, because ${because}.`,
  );
  return reasons.length > 4 ? [...reasons.slice(0, 4), 'and more reasons (--format json).'] : reasons;
}

const CSV_COLUMNS = [
  'runs',
  'failed_runs',
  'failed_share',
  'core_hours',
  'wasted_core_hours',
  'cost',
  'idle_cost',
  'currency',
  'unpriced_runs',
  'cost_before',
  'core_hours_before',
  'change',
] as const;

/** For a spreadsheet: one line a group, all of them, with full precision. What was not measured is empty. */
export function chargeBackCsv({ by, groups, currency }: ChargeBackAnswer): string {
  return csvText(
    [by, ...CSV_COLUMNS],
    groups.map((group) => {
      const { runs, failedRuns, coreHours, wastedCoreHours, cost, idleCost, unmeasured, before } = group;
      const measured = (value: number, without: number): number | null => (without >= runs ? null : value);
      return [
        group.group,
        runs,
        failedRuns,
        group.failedShare,
        measured(coreHours, unmeasured.coreHours),
        measured(wastedCoreHours, unmeasured.wastedCoreHours),
        measured(cost, unmeasured.cost),
        measured(idleCost, unmeasured.wastedCoreHours),
        currency,
        unmeasured.cost,
        before?.cost ?? null,
        before?.coreHours ?? null,
        changeOf(group, before) ?? null,
      ];
    }),
  );
}

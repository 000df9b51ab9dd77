import { costOfStoredRun, type CostReport, type CostReportLine } from '../../app/cost-report.ts';
import { findRun } from '../../app/find-run.ts';
import { loadPriceBook } from '../../app/prices.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { amountText, EXAMPLE_PRICES, moneyText } from '../money-text.ts';
import { table, type Column } from '../table.ts';
import { durationText, percentText } from '../units.ts';

const MS_PER_HOUR = 3_600_000;

/** `spot cost RUN`: what it cost, line by line. */
export function costCommand(host: CommandHost) {
  return defineCommand<{ readonly cluster?: string }>(
    {
      name: 'cost',
      summary: 'what a stored run cost, line by line, and what of it idled',
      formats: ['table', 'json'],
      examples: ['spot cost app-20261121083643-0000', 'spot cost app-20261121083643-0000 --format json'],
    },
    host,
    (command) =>
      command
        .argument('<run>', 'application id, or application id/attempt id')
        .option('--cluster <name>', 'where it ran, when the id alone is not enough'),
    async ({ spot, output }, options, [label = '']) => {
      const book = loadPriceBook(spot.config);
      const store = await spot.openStore('read');
      const key = await findRun(store, label, options.cluster);
      const report = await costOfStoredRun(store, key, book, spot.environment.now());
      if (options.format === 'json') await output.json(report);
      else await output.line(costText(report, output.columns));
      return report.total_cost === null ? EXIT.notEnough : EXIT.ok;
    },
  );
}

const columnsOf = (currency: string): readonly Column<CostReportLine>[] => [
  { title: 'OF', cell: ({ of }) => of },
  { title: 'WHAT', cell: ({ name }) => name },
  { title: 'QUANTITY', align: 'right', cell: ({ quantity, unit }) => `${quantity.toPrecision(3)} ${unit}` },
  { title: 'PRICE', align: 'right', cell: ({ unit_price: price }) => String(price) },
  { title: `COST (${currency})`, align: 'right', cell: ({ total_cost: cost }) => amountText(cost) },
  { title: 'PRICE OF', cell: ({ price_date: date }) => date ?? undefined, optional: true },
  { title: 'SOURCE', cell: ({ price_source: source }) => source, optional: true },
];

/** For people: the sum, what it consists of, and what is to be known of it. */
export function costText(report: CostReport, width: number): string {
  const { job_id: run, job_name: name, total_cost: total, duration_hours: hours, currency } = report;
  const title = `${run} (${name})`;
  const reasons = report.not_measurable.map(
    ({ what, because }) => `${WORDS[what] ?? what} is not measurable, because ${because}.`,
  );
  if (total === null || hours === null) return [`${title}: ${reasons.join('\n')}`].join('\n');
  const took = durationText(hours * MS_PER_HOUR);
  const perHour = report.cost_per_hour === null ? '' : ` (${moneyText(report.cost_per_hour, currency)} an hour)`;
  return [
    `${title}: ${moneyText(total, currency)} for ${took}${perHour}`,
    '',
    table(report.breakdown, columnsOf(currency), width),
    '',
    ...factsOf(report, total),
    ...reasons,
    ...(report.example_prices ? [EXAMPLE_PRICES] : [`Prices: ${report.price_book}`]),
  ].join('\n');
}

const WORDS: Readonly<Record<string, string>> = {
  total_cost: 'Its cost',
  idle_cost: 'What idled of it',
  whole_machines: 'What whole machines would cost',
};

function factsOf(report: CostReport, total: number): string[] {
  const { idle_cost: idle, spot_savings: saved, whole_machines: machines, currency } = report;
  const facts: string[] = [];
  if (idle !== null && total > 0)
    facts.push(`Cores without a task cost ${moneyText(idle, currency)} of it (${percentText(idle / total)}).`);
  if (saved !== null && saved > 0) facts.push(`The spot discount took off ${moneyText(saved, currency)}.`);
  if (machines !== undefined)
    facts.push(
      `Had it its machines for itself: ${machines.hosts} × ${machines.instance_type} for ${machines.machine_hours.toPrecision(3)} hours in all, ${moneyText(machines.total_cost, currency)}.`,
    );
  return facts;
}

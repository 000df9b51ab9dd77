import { Argument } from 'commander';
import type { AlertState } from '../../alerts/alert-state.ts';
import { configuredAlerts, openAlertBook } from '../../app/open-alerts.ts';
import { testAlerts, type AlertTest } from '../../app/test-alerts.ts';
import { defineCommand, type CommandContext, type CommandHost } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { table, type Column } from '../table.ts';
import { timeText } from '../units.ts';

const TESTS: readonly Column<AlertTest>[] = [
  { title: 'CHANNEL', cell: ({ channel }) => channel },
  { title: 'RESULT', cell: ({ delivered }) => (delivered ? 'delivered' : 'FAILED') },
  { title: 'WHY', cell: ({ code, reason }) => (code === undefined ? undefined : `${reason ?? ''} (${code})`) },
];

const STATES: readonly Column<AlertState>[] = [
  { title: 'SINCE (UTC)', cell: ({ since }) => timeText(since) },
  { title: 'STATE', cell: ({ phase }) => phase },
  { title: 'WHAT', cell: ({ title }) => title },
  { title: 'TOLD BY', cell: ({ channel }) => channel },
  { title: 'DELIVERY', cell: deliveryText },
];

/** `spot alerts`: what was told of, and whether messages arrive. */
export function alertsCommand(host: CommandHost) {
  return defineCommand(
    {
      name: 'alerts',
      summary: 'what spot crawl has told of, and whether messages arrive (test)',
      formats: ['table', 'json'],
      examples: ['spot alerts', 'spot alerts test                sends a test message by every way of [ALERTS]'],
    },
    host,
    (command) => command.addArgument(new Argument('[action]', 'what to do').choices(['list', 'test']).default('list')),
    async (context, options, [action = 'list']) =>
      action === 'test' ? await test(context, options.format) : await list(context, options.format),
  );
}

async function test({ spot, output, signal }: CommandContext, format: string): Promise<ExitCode> {
  const alerts = configuredAlerts(spot.config);
  if (alerts.subscribers.length === 0) {
    output.note('Nobody is to be told: no section [ALERTS] names a way. docs/alerts.md shows how.');
    return EXIT.failed;
  }
  const tests = await testAlerts(alerts, spot.environment.now(), signal);
  if (format === 'json') await output.json(tests);
  else await output.line(table(tests, TESTS));
  return tests.every(({ delivered }) => delivered) ? EXIT.ok : EXIT.failed;
}

async function list({ spot, output }: CommandContext, format: string): Promise<ExitCode> {
  const store = await spot.openStore('read');
  const states = (await openAlertBook(configuredAlerts(spot.config), store, spot).states()).toSorted((a, b) =>
    a.since < b.since ? 1 : -1,
  );
  if (format === 'json') await output.json(states);
  else if (states.length > 0) await output.line(table(states, STATES, output.columns));
  else output.note('Nobody was told of anything lately.');
  return EXIT.ok;
}

function deliveryText({ outgoing, givenUpAt }: AlertState): string {
  if (outgoing !== undefined) return `${outgoing.tries} tries failed, next ${timeText(outgoing.nextTryAt)}`;
  return givenUpAt === undefined ? 'done' : `given up ${timeText(givenUpAt)}`;
}

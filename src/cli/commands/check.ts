import { InvalidArgumentError, Option } from 'commander';
import { SEVERITIES, type Severity } from '../../analysis/severity.ts';
import { checkRun, type CheckLimits, type Reference } from '../../app/check-run.ts';
import { findRun } from '../../app/find-run.ts';
import { loadPriceBook } from '../../app/prices.ts';
import { thresholdsIn } from '../../app/settings.ts';
import type { Store } from '../../store/store.ts';
import { checkTable } from '../check/check-table.ts';
import { checkJunit } from '../check/junit.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

interface CheckCommandOptions extends CheckLimits {
  readonly against: string;
  readonly cluster?: string;
}

/** Where nothing else is asked for. */
const DEFAULT_MAX_SLOWER = 0.1;
const MOST_RUNS = 200;

/** `spot check RUN`: a run against the ones before it, for CI. */
export function checkCommand(host: CommandHost) {
  return defineCommand<CheckCommandOptions>(
    {
      name: 'check',
      summary: 'is a run slower, dearer or worse than it may be? exit code 0 no, 1 yes, 3 not enough is known',
      formats: [],
      examples: [
        'spot check app-20261121083643-0000                             not more than 10 % slower than the last 20',
        'spot check RUN --against last-20 --max-slower 25% --max-cost 5.00 --max-findings moderate',
        'spot check RUN --against app-20261120083643-0000 --format junit > spot.xml',
      ],
    },
    host,
    (command) =>
      command
        .argument('<run>', 'application id, or application id/attempt id')
        .option('--against <reference>', 'last-N runs of the same application before it, or a run', 'last-20')
        .option(
          '--max-slower <percent>',
          'so much slower passes: 10% (default: 10% when no limit is given)',
          parseShare,
        )
        .option('--max-cost <amount>', 'so much money passes, in the currency of [PRICES]', parseAmount)
        .addOption(
          new Option('--max-findings <severity>', 'findings up to this severity pass').choices([...SEVERITIES]),
        )
        .addOption(
          new Option('--format <format>', 'how to print the answer')
            .choices(['table', 'json', 'junit'])
            .default('table'),
        )
        .option('--cluster <name>', 'where it ran, when the id alone is not enough'),
    async ({ spot, output }, options, [label = '']) => {
      const store = await spot.openStore('read');
      const key = await findRun(store, label, options.cluster);
      const against = await referenceOf(store, options.against, options.cluster);
      if (against === undefined) {
        output.note(
          `--against is ${JSON.stringify(options.against)}, but must be last-1 to last-${MOST_RUNS}, or a run`,
        );
        return EXIT.usage;
      }
      const report = await checkRun(store, key, {
        against,
        limits: limitsOf(options),
        prices: loadPriceBook(spot.config),
        analysis: { thresholds: thresholdsIn(spot.config) },
      });
      const format: string = options.format;
      if (format === 'json') await output.json(report);
      else if (format === 'junit') await output.line(checkJunit(report));
      else await output.line(checkTable(report));
      return { passed: EXIT.ok, failed: EXIT.failed, undecided: EXIT.notEnough }[report.status];
    },
  );
}

function limitsOf({ maxSlower, maxCost, maxFindings }: CheckCommandOptions): CheckLimits {
  const isNone = maxSlower === undefined && maxCost === undefined && maxFindings === undefined;
  return {
    maxSlower: isNone ? DEFAULT_MAX_SLOWER : maxSlower,
    maxCost,
    maxFindings: maxFindings satisfies Severity | undefined,
  };
}

async function referenceOf(store: Store, text: string, cluster: string | undefined): Promise<Reference | undefined> {
  const last = /^last-(\d+)$/.exec(text)?.[1];
  if (last === undefined) return { run: await findRun(store, text, cluster) };
  const count = Number(last);
  return count >= 1 && count <= MOST_RUNS ? { last: count } : undefined;
}

function parseShare(text: string): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?) ?(%?)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('write a percentage such as 10%, or a share such as 0.1');
  const share = percent === '%' ? Number(number) / 100 : Number(number);
  if (percent === '' && share > 1) throw new InvalidArgumentError(`write ${number}% for a percentage`);
  return share;
}

function parseAmount(text: string): number {
  const amount = Number(text);
  if (text.trim() === '' || !Number.isFinite(amount) || amount < 0)
    throw new InvalidArgumentError('write an amount such as 5.00');
  return amount;
}

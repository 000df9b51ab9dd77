import { Option } from 'commander';
import { platformLimits } from '../../app/platform-limits.ts';
import { loadPriceBook } from '../../app/prices.ts';
import { suggest } from '../../app/suggest.ts';
import { pricesSection } from '../../money/config.ts';
import { modelsSection } from '../../setter/sections.ts';
import { FRAGMENTS } from '../../setter/fragments/index.ts';
import { PLATFORM_NAMES, type PlatformName } from '../../spark/platform.ts';
import { PRIORITIES, type Priority } from '../../setter/question.ts';
import type { StepName } from '../../setter/step.ts';
import type { Suggestion } from '../../setter/suggestion.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import {
  parseConfidence,
  parseMemoryArgument,
  parsePositive,
  parsePositiveCount,
  parseSizeArgument,
  parseSpanArgument,
} from '../size-argument.ts';
import { EXAMPLE_PRICES } from '../money-text.ts';
import { expectOneAnswer } from '../one-answer.ts';
import { table } from '../table.ts';
import { bytesText, durationText, percentText } from '../units.ts';

interface SuggestCommandOptions {
  readonly tag?: string;
  readonly app?: string;
  readonly like?: string;
  readonly cluster?: string;
  readonly inputSize?: number;
  readonly jobType?: string;
  readonly priority: Priority;
  readonly sla?: number;
  readonly budget?: number;
  readonly confidence: number;
  readonly platform?: PlatformName;
  readonly maxExecutors?: number;
  readonly instanceType?: string;
  readonly nodes?: number;
  readonly nodeCores?: number;
  readonly nodeMemory?: number;
  readonly maxContainer?: number;
}

/** `spot suggest`: the configuration of the next run. */
export function suggestCommand(host: CommandHost) {
  return defineCommand<SuggestCommandOptions>(
    {
      name: 'suggest',
      alias: 'recommend',
      summary: 'what to set for the next run, how long it will take and cost, and why',
      formats: [],
      examples: [
        'spot suggest --tag nightly-etl --input-size 50GB --sla 15m',
        'spot suggest --like app-20261121083643-0000 --priority cost --format spark-submit',
        'spot suggest --input-size 50GB --job-type etl --platform emr --node-cores 16 --node-memory 64g --nodes 10',
      ],
    },
    host,
    (command) =>
      command
        .option('--tag <tag>', 'the application')
        .option('--app <id|name>', 'the application, by id or name')
        .option('--like <run>', 'a run of the application')
        .option('--cluster <name>', 'only runs of this cluster')
        .option('--input-size <size>', 'how much it will read: 50GB (default: as its newest run)', parseSizeArgument)
        .option('--job-type <word>', 'learn from applications with this word in tag or name')
        .addOption(new Option('--priority <what>', 'what to keep small').choices(PRIORITIES).default('balanced'))
        .option('--sla <span>', 'must be done in: 15m', parseSpanArgument)
        .option('--budget <amount>', 'must not cost more, in the currency of [PRICES]', parsePositive)
        .option('--confidence <share>', 'with this probability', parseConfidence, 0.9)
        .addOption(new Option('--platform <name>', 'where it runs (default: [PLATFORM], yarn)').choices(PLATFORM_NAMES))
        .option('--max-executors <n>', 'at most so many executors (default: [PLATFORM], 1000)', parsePositiveCount)
        .option('--nodes <n>', 'nodes of the cluster', parsePositiveCount)
        .option('--node-cores <n>', 'cores of each node', parsePositiveCount)
        .option('--node-memory <size>', 'memory of each node: 64g', parseMemoryArgument)
        .option('--instance-type <name>', 'a machine of the price book, in place of the two')
        .option('--max-container <size>', 'largest container that is granted: 16g', parseMemoryArgument)
        .addOption(
          new Option('--format <format>', 'how to print the answer')
            .choices(['table', 'json', ...FRAGMENTS.keys()])
            .default('table'),
        ),
    async ({ spot, output }, options) => {
      expectOneAnswer();
      const book = loadPriceBook(spot.config);
      const store = await spot.openStore('read');
      const { tag, app, cluster, like, jobType, inputSize, priority, sla, budget, confidence } = options;
      const limits = platformLimits(spot.config, book, {
        ...options,
        nodeMemoryMib: options.nodeMemory,
        maxContainerMib: options.maxContainer,
      });
      const suggestion = await suggest(store, {
        filter: { tag, app, cluster },
        like,
        jobType,
        inputBytes: inputSize,
        question: {
          priority,
          slaMs: sla,
          budget,
          confidence,
          limits,
        },
        prices: { ...spot.config.of(pricesSection).settings, currency: book.currency, book, cluster },
        minNewRuns: spot.config.of(modelsSection).settings.min_new_runs,
      });
      // The formats of this command are more than those of all.
      const format: string = options.format;
      const write = FRAGMENTS.get(format);
      if (format === 'json') await output.json(suggestion);
      else if (write === undefined || suggestion.num_executors === null)
        await output.line(`${textOf(suggestion, confidence)}${book.isExample ? `\n${EXAMPLE_PRICES}` : ''}`);
      else {
        const { properties, spark_version: sparkVersion } = suggestion;
        const { text, leftOut } = write({ properties, platform: limits.platform, sparkVersion });
        await output.line(text);
        if (leftOut.length > 0) output.note(`Left out, because it is managed or refused there: ${leftOut.join(', ')}`);
      }
      return exitCode(suggestion);
    },
  );
}

function exitCode({ qualifies }: Suggestion): ExitCode {
  if (qualifies === null) return EXIT.notEnough;
  return qualifies ? EXIT.ok : EXIT.failed;
}

const STEPS: Readonly<Record<StepName, string>> = {
  model: 'the model of this application (step 1 of 4)',
  similar: 'similar applications (step 2 of 4: too few different settings for a model of its own)',
  simulation: 'a replay of one run of it, and rules (step 3 of 4: nothing similar is stored)',
  rules: 'rules from the size of the input alone (step 4 of 4: nothing like it is stored)',
};

function textOf(suggestion: Suggestion, confidence: number): string {
  const { currency } = suggestion;
  const money = (amount: number): string => `${amount.toFixed(amount < 1 ? 4 : 2)} ${currency}`;
  const lines = [
    `For ${bytesText(suggestion.input_bytes)} of input, by ${STEPS[suggestion.recommendation_method]}:`,
    '',
  ];
  if (suggestion.num_executors === null) {
    lines.push(`Nothing qualifies with ${percentText(confidence)} confidence.`);
    for (const { slaMs, budget, executors } of suggestion.would_qualify) {
      const flags = [
        slaMs === undefined ? '' : `--sla ${Math.ceil(slaMs / 1000)}s`,
        budget === undefined ? '' : `--budget ${(Math.ceil(budget * 10_000) / 10_000).toFixed(4)}`,
      ];
      lines.push(`${flags.filter(Boolean).join(' ')} would, on ${executors} executors.`);
    }
  } else {
    const values = Object.entries(suggestion.properties).map(([key, value]) => ({ key, value }));
    lines.push(
      table(values, [
        { title: 'PROPERTY', cell: ({ key }) => key },
        { title: 'VALUE', cell: ({ value }) => value },
      ]),
      '',
      ...predictionLines(suggestion, money),
      ...Object.entries(suggestion.reasons).map(([field, why]) => `${field}: ${why}`),
    );
  }
  if (suggestion.qualifies === null) lines.push('Whether SLA and budget are met cannot be told.');
  return [...lines, ...suggestion.caveats.map((caveat) => `Beware: ${caveat.replace(/\.$/, '')}.`)].join('\n');
}

function predictionLines(suggestion: Suggestion, money: (amount: number) => string): string[] {
  const {
    predicted_duration_ms: duration,
    predicted_cost: cost,
    predicted_duration_interval_ms: interval,
    usual,
  } = suggestion;
  if (duration === null || cost === null) return [];
  const range =
    interval === null
      ? 'no interval: too few runs'
      : `${percentText(suggestion.confidence_score)} between ${durationText(interval.low)} and ${durationText(interval.high)}`;
  return [
    `It takes ${durationText(duration)} (${range}) and costs ${money(cost)}.`,
    ...(usual === undefined
      ? []
      : [
          `As the newest run (${usual.num_executors} executors): ${durationText(usual.predicted_duration_ms)}, ${money(usual.predicted_cost)}.`,
          ...gainLines(suggestion),
        ]),
    '',
  ];
}

function gainLines({ gain }: Suggestion): string[] {
  if (gain === undefined) return [];
  const told = (share: number, less: string, more: string): string =>
    Math.abs(share) < 0.005 ? `no ${less}` : `${percentText(Math.abs(share))} ${share > 0 ? less : more}`;
  return [
    `Against that it is ${told(gain.duration, 'shorter', 'longer')} and ${told(gain.cost, 'cheaper', 'dearer')}.`,
  ];
}

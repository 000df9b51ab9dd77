import { Command, Option } from 'commander';
import { platformLimits } from '../../app/platform-limits.ts';
import { loadPriceBook } from '../../app/prices.ts';
import {
  contextOf,
  findTunings,
  nextTuning,
  recordTuning,
  requireTuning,
  startTuning,
  stopTuning,
  type TuningParts,
  type TuningTarget,
} from '../../app/tune.ts';
import { pricesSection } from '../../money/config.ts';
import { FRAGMENTS } from '../../setter/fragments/index.ts';
import { propertiesOf } from '../../setter/launch-properties.ts';
import { PLATFORM_NAMES, type PlatformName } from '../../spark/platform.ts';
import type { Store } from '../../store/store.ts';
import { standing } from '../../tuning/advance.ts';
import { OBJECTIVES, type Objective, type TuningSession, type TuningSettings } from '../../tuning/session.ts';
import { tuningSection } from '../../tuning/config.ts';
import { defineCommand, type CommandContext, type CommandHost } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import {
  parseConfidence,
  parseMemoryArgument,
  parsePositive,
  parsePositiveCount,
  parseSizeArgument,
} from '../size-argument.ts';
import { table } from '../table.ts';
import { nextText, statusText, type Standing } from '../tuning/tuning-text.ts';
import { percentText } from '../units.ts';

interface TargetOptions {
  readonly cluster?: string;
}

interface StartOptions extends TargetOptions {
  readonly tolerance?: number;
  readonly confidence: number;
  readonly objective: Objective;
  readonly maxRounds?: number;
  readonly leastGain?: number;
  readonly platform?: PlatformName;
  readonly minExecutors: number;
  readonly maxExecutors?: number;
  readonly minCores: number;
  readonly maxCores: number;
  readonly minMemory: number;
  readonly maxMemory?: number;
  readonly minPartitions: number;
  readonly maxPartitions: number;
}

const MOST_MEMORY_MIB = 64 * 1024;

/** `spot tune`: one application, made better run after run. */
export function tuneCommand(host: CommandHost): Command {
  return new Command('tune')
    .description('make an application better run after run: each next configuration is sure not to be much slower')
    .addCommand(startCommand(host))
    .addCommand(nextCommand(host))
    .addCommand(recordCommand(host))
    .addCommand(statusCommand(host))
    .addCommand(stopCommand(host));
}

function startCommand(host: CommandHost): Command {
  return defineCommand<StartOptions>(
    {
      name: 'start',
      summary: 'begin from the newest run of an application, which becomes the start all rounds are held against',
      formats: ['table', 'json'],
      examples: [
        'spot tune start nightly-etl',
        'spot tune start nightly-etl --tolerance 0.2 --max-rounds 12 --max-executors 20 --objective cost',
      ],
    },
    host,
    (command) =>
      targeted(command)
        .option(
          '--tolerance <share>',
          'how much slower than the start a round may be (default: [TUNING], 0.1)',
          parsePositive,
        )
        .option('--confidence <share>', 'with this probability', parseConfidence, 0.9)
        .addOption(new Option('--objective <what>', 'what to make small').choices(OBJECTIVES).default('time'))
        .option('--max-rounds <n>', 'end after so many (default: [TUNING], 8)', parsePositiveCount)
        .option(
          '--least-gain <share>',
          'end when less is expected to be saved (default: [TUNING], 0.03)',
          parsePositive,
        )
        .addOption(new Option('--platform <name>', 'where it runs (default: [PLATFORM], yarn)').choices(PLATFORM_NAMES))
        .option('--min-executors <n>', 'no fewer executors', parsePositiveCount, 1)
        .option('--max-executors <n>', 'no more executors (default: [PLATFORM], 1000)', parsePositiveCount)
        .option('--min-cores <n>', 'no fewer cores of an executor', parsePositiveCount, 1)
        .option('--max-cores <n>', 'no more cores of an executor', parsePositiveCount, 8)
        .option('--min-memory <size>', 'no smaller heap of an executor', parseMemoryArgument, 512)
        .option('--max-memory <size>', 'no larger heap of an executor (default: 64g)', parseMemoryArgument)
        .option('--min-partitions <n>', 'no fewer shuffle partitions', parsePositiveCount, 1)
        .option('--max-partitions <n>', 'no more shuffle partitions', parsePositiveCount, 10_000),
    async (context, options, args) => {
      const target = targetOf(args, options);
      const parts = await openParts(context, options.platform);
      const session = await startTuning(parts, target, settingsOf(context, options, parts));
      return await printStatus(context, parts, session, options.format);
    },
  );
}

function nextCommand(host: CommandHost): Command {
  return defineCommand<TargetOptions & { readonly inputSize?: number }>(
    {
      name: 'next',
      summary: 'record what was run since, and print the configuration to run next; the best one when there is none',
      formats: [],
      examples: ['spot tune next nightly-etl', 'spot tune next nightly-etl --input-size 50GB --format spark-submit'],
    },
    host,
    (command) =>
      targeted(command)
        .option(
          '--input-size <size>',
          'how much the next run will read: 50GB (default: as the last)',
          parseSizeArgument,
        )
        .addOption(
          new Option('--format <format>', 'how to print the answer')
            .choices(['table', 'json', ...FRAGMENTS.keys()])
            .default('table'),
        ),
    async (context, options, args) => {
      const target = targetOf(args, options);
      const known = await openParts(context);
      const { settings } = await requireTuning(known.store, target);
      const parts = { ...known, limits: { ...known.limits, platform: settings.platform } };
      const { session, context: told } = await nextTuning(parts, target, options.inputSize);
      const now = standing(session, told, options.inputSize);
      await printNext(context, parts, session, now, options.format);
      return EXIT.ok;
    },
  );
}

async function printNext(
  { output }: CommandContext,
  { limits }: TuningParts,
  session: TuningSession,
  now: Standing,
  format: string,
): Promise<void> {
  const configuration = session.pending?.configuration ?? now.best;
  const properties = propertiesOf(configuration, limits);
  const write = FRAGMENTS.get(format);
  if (format === 'json') await output.json({ ...publicSession(session, now), properties });
  else if (write === undefined) {
    const rows = table(Object.entries(properties), [
      { title: 'PROPERTY', cell: ([key]) => key },
      { title: 'VALUE', cell: ([, value]) => value },
    ]);
    await output.line(`${nextText(session, now)}\n\n${rows}`);
  } else {
    const { text, leftOut } = write({ properties, platform: limits.platform });
    await output.line(text);
    if (leftOut.length > 0) output.note(`Left out, because it is managed or refused there: ${leftOut.join(', ')}`);
    if (session.pending === undefined) output.note(nextText(session, now));
  }
}

function recordCommand(host: CommandHost): Command {
  return defineCommand<TargetOptions & { readonly last?: true; readonly failed?: true }>(
    {
      name: 'record',
      summary: 'record a run: the one named, or what was stored since the last (`next` does that too)',
      formats: ['table', 'json'],
      examples: [
        'spot tune record nightly-etl --last',
        'spot tune record nightly-etl app-20261121083643-0000',
        'spot tune record nightly-etl --failed    it did not even leave a log',
      ],
    },
    host,
    (command) =>
      targeted(command)
        .argument('[run]', 'a stored run')
        .option('--last', 'what was stored since the last that is recorded (the default)')
        .option('--failed', 'it failed; a run whose last job failed needs no saying'),
    async (context, options, args) => {
      const target = targetOf(args, options);
      const parts = await openParts(context);
      const session = await recordTuning(parts, target, { run: args[1], failed: options.failed === true });
      return await printStatus(context, parts, session, options.format);
    },
  );
}

function statusCommand(host: CommandHost): Command {
  return defineCommand<TargetOptions>(
    {
      name: 'status',
      summary: 'the rounds of an application and what they have come to; of all applications without a tag',
      formats: ['table', 'json'],
      examples: ['spot tune status', 'spot tune status nightly-etl --format json'],
    },
    host,
    (command) => command.argument('[tag]', 'the application').option('--cluster <name>', 'only runs of this cluster'),
    async (context, options, args) => {
      const parts = await openParts(context, undefined, 'read');
      if (args[0] !== undefined)
        return await printStatus(
          context,
          parts,
          await requireTuning(parts.store, targetOf(args, options)),
          options.format,
        );
      const rows: (TuningSession & { readonly standing: Standing })[] = [];
      for await (const session of findTunings(parts.store))
        rows.push({ ...session, standing: await standingOf(parts, session) });
      if (options.format === 'json')
        await context.output.json(rows.map(({ standing: now, ...session }) => publicSession(session, now)));
      else if (rows.length === 0) context.output.note('Nothing is being tuned: `spot tune start TAG` begins.');
      else
        await context.output.line(
          table(rows, [
            { title: 'TAG', cell: ({ tag }) => tag },
            { title: 'SINCE', cell: ({ startedAt }) => startedAt },
            { title: 'ROUNDS', align: 'right', cell: ({ rounds }) => String(rounds.length) },
            { title: 'SAVED', align: 'right', cell: ({ standing: now }) => percentText(Math.max(0, now.saved)) },
            {
              title: 'STATE',
              cell: ({ stopped, pending }) => stopped?.reason ?? (pending === undefined ? 'next' : 'waits for a run'),
            },
          ]),
        );
      return EXIT.ok;
    },
  );
}

function stopCommand(host: CommandHost): Command {
  return defineCommand<TargetOptions>(
    {
      name: 'stop',
      summary: 'end it; `next` then prints the best configuration that was found',
      formats: ['table', 'json'],
      examples: ['spot tune stop nightly-etl'],
    },
    host,
    targeted,
    async (context, options, args) => {
      const parts = await openParts(context);
      return await printStatus(context, parts, await stopTuning(parts, targetOf(args, options)), options.format);
    },
  );
}

function targeted(command: Command): Command {
  return command.argument('<tag>', 'the application').option('--cluster <name>', 'only runs of this cluster');
}

function targetOf(args: readonly string[], { cluster }: TargetOptions): TuningTarget {
  return { tag: args[0] ?? '', cluster };
}

async function openParts(
  { spot }: CommandContext,
  platform?: PlatformName,
  access: 'read' | 'share' = 'share',
): Promise<TuningParts> {
  const book = loadPriceBook(spot.config);
  const store: Store = await spot.openStore(access);
  return {
    store,
    limits: platformLimits(spot.config, book, { platform }),
    prices: { ...spot.config.of(pricesSection).settings, currency: book.currency, book },
    now: spot.environment.now,
  };
}

function settingsOf({ spot }: CommandContext, options: StartOptions, { limits }: TuningParts): TuningSettings {
  const { settings } = spot.config.of(tuningSection);
  return {
    tolerance: options.tolerance ?? settings.tolerance,
    confidence: options.confidence,
    objective: options.objective,
    maxRounds: options.maxRounds ?? settings.max_rounds,
    leastGain: options.leastGain ?? settings.least_gain,
    platform: limits.platform,
    bounds: {
      executors: { min: options.minExecutors, max: options.maxExecutors ?? limits.maxExecutors },
      coresPerExecutor: { min: options.minCores, max: options.maxCores },
      memoryMib: { min: options.minMemory, max: options.maxMemory ?? MOST_MEMORY_MIB },
      shufflePartitions: { min: options.minPartitions, max: options.maxPartitions },
    },
  };
}

async function printStatus(
  { output }: CommandContext,
  parts: TuningParts,
  session: TuningSession,
  format: string,
): Promise<ExitCode> {
  const now = await standingOf(parts, session);
  if (format === 'json') await output.json(publicSession(session, now));
  else await output.line(statusText(session, now, output.columns));
  return EXIT.ok;
}

async function standingOf(parts: TuningParts, session: TuningSession): Promise<Standing> {
  const { tag, cluster, baseline } = session;
  return standing(session, await contextOf(parts, { tag, cluster }, baseline.inputBytes));
}

/** The session without the runs from before it, and what it has come to. */
function publicSession({ history, ...session }: TuningSession, now: Standing): object {
  return { ...session, runsBefore: history.length, standing: now };
}

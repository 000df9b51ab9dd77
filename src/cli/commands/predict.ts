import { Option } from 'commander';
import { priorFor } from '../../app/application-models.ts';
import { requireApplication } from '../../app/run-history.ts';
import { modelsSection } from '../../setter/sections.ts';
import { FEATURES, settingOf, type Setting, type Target } from '../../setter/history-model.ts';
import { modelOf, type LearnedModel } from '../../setter/kept-models.ts';
import { parameterOf } from '../../setter/parameters.ts';
import { validityNote } from '../../setter/validity.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { parseConfidence, parseMemoryArgument, parsePositiveCount, parseSizeArgument } from '../size-argument.ts';
import { bytesText, durationText, percentText } from '../units.ts';

interface PredictCommandOptions {
  readonly tag?: string;
  readonly app?: string;
  readonly cluster?: string;
  readonly inputSize?: number;
  readonly executors?: number;
  readonly cores?: number;
  readonly memory?: number;
  readonly shufflePartitions?: number;
  readonly set?: readonly string[];
  readonly confidence: number;
  readonly what: keyof typeof WHAT;
}

/** What can be predicted, by its word on the command line, and how it is written. */
const WHAT = {
  'run-time': { target: 'durationMs', text: durationText, noun: 'of run time' },
  'core-time': { target: 'coreMs', text: (ms: number) => `${(ms / 3_600_000).toFixed(3)} core-hours`, noun: 'given' },
  'peak-memory': { target: 'peakMemoryBytes', text: bytesText, noun: 'of heap in the fullest executor' },
  spill: { target: 'spilledBytes', text: bytesText, noun: 'spilled to disk' },
} as const satisfies Record<string, { target: Target; text: (value: number) => string; noun: string }>;

/** `spot predict`: how long a run of an application would take. */
export function predictCommand(host: CommandHost) {
  return defineCommand<PredictCommandOptions>(
    {
      name: 'predict',
      summary: 'how long a run of an application would take, with the interval that one further run falls into',
      formats: ['table', 'json'],
      examples: [
        'spot predict --tag nightly-etl --input-size 50GB --executors 10',
        'spot predict --tag nightly-etl --what core-time --set spark.sql.adaptive.enabled=false',
      ],
    },
    host,
    (command) =>
      command
        .option('--tag <tag>', 'the application')
        .option('--app <id|name>', 'the application, by id or name')
        .option('--cluster <name>', 'only runs of this cluster')
        .option('--input-size <size>', 'how much it reads: 50GB (default: as its newest run)', parseSizeArgument)
        .option('--executors <n>', 'number of executors (default: as its newest run)', parsePositiveCount)
        .option('--cores <n>', 'cores of each executor', parsePositiveCount)
        .option('--memory <size>', 'heap of each executor: 8g', parseMemoryArgument)
        .option('--shuffle-partitions <n>', 'spark.sql.shuffle.partitions', parsePositiveCount)
        .option('--set <property=value...>', 'a further property, of the application too')
        .addOption(
          new Option('--what <quantity>', 'what to predict')
            .choices(Object.keys(WHAT))
            .default('run-time' satisfies keyof typeof WHAT),
        )
        .option('--confidence <share>', 'probability that the interval holds the run', parseConfidence, 0.9),
    async ({ spot, output }, options) => {
      const { tag, app, cluster, confidence } = options;
      if (tag === undefined && app === undefined) {
        output.note('Which application? Add --tag or --app.');
        return EXIT.usage;
      }
      const { target, text, noun } = WHAT[options.what];
      const store = await spot.openStore('read');
      const history = await requireApplication(store, { tag, app, cluster });
      const learned = await modelOf(store, history, {
        target,
        minNewRuns: spot.config.of(modelsSection).settings.min_new_runs,
        prior: () => priorFor(store, history, { withSimulation: false }),
      });
      if (learned === undefined) {
        output.note(`No run of ${history.tag} tells its ${options.what}.`);
        return EXIT.notEnough;
      }
      const { fitted } = learned;
      const asked = askedFor(options);
      const [newest] = history.runs;
      const usual = newest === undefined ? {} : settingOf(newest);
      const setting = { ...usual, ...asked, parameters: { ...newest?.parameters, ...asked.parameters } } as Setting;
      const prediction = fitted.predict(setting, confidence);
      const notLearned = [
        ...FEATURES.filter((name) => asked[name] !== undefined && asked[name] !== (usual as Partial<Setting>)[name]),
        ...Object.keys(asked.parameters ?? {}),
      ].filter((name) => !fitted.learned.includes(name));
      const answer = {
        what: options.what,
        setting,
        confidence,
        ...prediction,
        runs: history.runs.length,
        model: { source: learned.source, runsSinceFit: learned.runsSinceFit, error: fitted.model.document.error },
        notLearned,
        validity: history.validity,
        hash: fitted.model.document.hash,
      };
      if (options.format === 'json') {
        await output.json(answer);
        return prediction.interval === undefined ? EXIT.notEnough : EXIT.ok;
      }
      const { value, interval, novelty, novelFeature } = prediction;
      const note = validityNote(history.validity);
      await output.line(
        [
          `${text(value)} ${noun} on ${setting.executors} × ${setting.coresPerExecutor} cores for ${bytesText(setting.inputBytes)}`,
          interval === undefined
            ? `No interval: ${fitted.distinctSettings} different settings are not enough to tell how wrong this may be.`
            : `${percentText(confidence)} of such runs between ${text(interval.low)} and ${text(interval.high)}`,
          `learnt from ${history.runs.length} runs${sourceText(learned)}`,
          ...(note === undefined ? [] : [`Beware: ${note}.`]),
          ...(novelty === 'above' || novelty === 'below'
            ? [`Beware: ${novelFeature ?? 'something'} is ${novelty} all that was seen.`]
            : []),
          ...notLearned.map(
            (name) => `Beware: ${name} was the same in all runs, so its effect is not known and was left out.`,
          ),
        ].join('\n'),
      );
      return interval === undefined ? EXIT.notEnough : EXIT.ok;
    },
  );
}

function sourceText({ source, runsSinceFit }: LearnedModel): string {
  if (source !== 'stored') return '';
  return runsSinceFit === 0 ? ', stored model' : `, stored model without the ${runsSinceFit} newest`;
}

function askedFor(options: PredictCommandOptions): Partial<Setting> {
  const { executors, cores, memory, inputSize, shufflePartitions, set = [] } = options;
  const parameters = Object.fromEntries(set.map(parameterOf));
  return {
    ...(executors === undefined ? {} : { executors }),
    ...(inputSize === undefined ? {} : { inputBytes: inputSize }),
    ...(cores === undefined ? {} : { coresPerExecutor: cores }),
    ...(memory === undefined ? {} : { memoryMib: memory }),
    ...(shufflePartitions === undefined ? {} : { shufflePartitions }),
    ...(set.length === 0 ? {} : { parameters }),
  };
}

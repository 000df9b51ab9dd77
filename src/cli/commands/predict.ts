import { requireHistory } from '../../app/run-history.ts';
import { FEATURES, fitHistory, settingOf, type Setting } from '../../setter/history-model.ts';
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
  readonly confidence: number;
}

/** `spot predict`: how long a run of an application would take. */
export function predictCommand(host: CommandHost) {
  return defineCommand<PredictCommandOptions>(
    {
      name: 'predict',
      summary: 'how long a run of an application would take, with the interval that one further run falls into',
      formats: ['table', 'json'],
      examples: ['spot predict --tag nightly-etl --input-size 50GB --executors 10'],
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
        .option('--confidence <share>', 'probability that the interval holds the run', parseConfidence, 0.9),
    async ({ spot, output }, options) => {
      const { tag, app, cluster, confidence } = options;
      if (tag === undefined && app === undefined) {
        output.note('Which application? Add --tag or --app.');
        return EXIT.usage;
      }
      const store = await spot.openStore('read');
      const runs = await requireHistory(store, { tag, app, cluster });
      const fitted = fitHistory(runs);
      const asked = askedFor(options);
      const newest = runs.slice(0, 1).map(settingOf);
      const setting = { ...newest[0], ...asked } as Setting;
      const prediction = fitted.predict(setting, confidence);
      const notLearned = FEATURES.filter(
        (name) => asked[name] !== undefined && !fitted.learned.includes(name) && asked[name] !== newest[0]?.[name],
      );
      const answer = {
        setting,
        confidence,
        ...prediction,
        runs: runs.length,
        notLearned,
        hash: fitted.model.document.hash,
      };
      if (options.format === 'json') {
        await output.json(answer);
        return prediction.interval === undefined ? EXIT.notEnough : EXIT.ok;
      }
      const { value, interval, novelty, novelFeature } = prediction;
      await output.line(
        [
          `${durationText(value)} on ${setting.executors} × ${setting.coresPerExecutor} cores for ${bytesText(setting.inputBytes)}`,
          interval === undefined
            ? `No interval: ${fitted.distinctSettings} different settings are not enough to tell how wrong this may be.`
            : `${percentText(confidence)} of such runs between ${durationText(interval.low)} and ${durationText(interval.high)}`,
          `learnt from ${runs.length} runs`,
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

function askedFor(options: PredictCommandOptions): Partial<Setting> {
  const { executors, cores, memory, inputSize, shufflePartitions } = options;
  return {
    ...(executors === undefined ? {} : { executors }),
    ...(inputSize === undefined ? {} : { inputBytes: inputSize }),
    ...(cores === undefined ? {} : { coresPerExecutor: cores }),
    ...(memory === undefined ? {} : { memoryMib: memory }),
    ...(shufflePartitions === undefined ? {} : { shufflePartitions }),
  };
}

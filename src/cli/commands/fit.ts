import { learnAndKeep, tagsOf } from '../../app/application-models.ts';
import { requireApplication } from '../../app/run-history.ts';
import { modelsSection } from '../../setter/sections.ts';
import { fitHistory, type HistoryModel, type Target } from '../../setter/history-model.ts';
import { modelOf, readApplication, type ApplicationHistory } from '../../setter/kept-models.ts';
import { validityNote, type Validity } from '../../setter/validity.ts';
import type { Store } from '../../store/store.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { table, type Column } from '../table.ts';
import { bytesText, durationText, percentText } from '../units.ts';

interface FitCommandOptions {
  readonly tag?: string;
  readonly app?: string;
  readonly cluster?: string;
  readonly save?: boolean;
}

interface FittedApplication {
  readonly tag: string;
  readonly runs: number;
  readonly distinctSettings: number;
  readonly medianDurationMs: number;
  /** On left-out runs; null where there are too few. */
  readonly error: HistoryModel['model']['document']['error'];
  readonly range: HistoryModel['model']['document']['range'];
  readonly learned: readonly string[];
  readonly hash: string;
  readonly validity: Validity;
  /** `stored`: as it is kept; `fitted now`; `saved`: fitted and kept now. */
  readonly source: 'stored' | 'fitted now' | 'saved';
  /** Of what else there are models; only told when they were saved. */
  readonly targets?: readonly Target[];
}

const COLUMNS: readonly Column<FittedApplication>[] = [
  { title: 'TAG', cell: (row) => row.tag },
  { title: 'RUNS', align: 'right', cell: (row) => String(row.runs) },
  { title: 'SETTINGS', align: 'right', cell: (row) => String(row.distinctSettings) },
  { title: 'MEDIAN', align: 'right', cell: (row) => durationText(row.medianDurationMs) },
  { title: 'ERROR', align: 'right', cell: (row) => (row.error === null ? undefined : percentText(row.error.mape)) },
  { title: 'RANGE OF WHAT VARIED', cell: (row) => rangeText(row) },
  { title: 'MODEL', cell: (row) => row.source },
  { title: 'HASH', cell: (row) => row.hash.slice(0, 12) },
];

/** Without a tag, the applications of the newest so many runs are shown; all are kept. */
const MOST_RUNS_LISTED = 2000;

/** `spot fit`: what the stored runs teach of run time, and how wrong that is. */
export function fitCommand(host: CommandHost) {
  return defineCommand<FitCommandOptions>(
    {
      name: 'fit',
      summary: 'fit the run time of each application from its stored runs: range of the data, error, hash',
      formats: ['table', 'json'],
      examples: ['spot fit', 'spot fit --tag nightly-etl --format json', 'spot fit --save'],
    },
    host,
    (command) =>
      command
        .option('--tag <tag>', 'only this application')
        .option('--app <id|name>', 'only this application, by id or name')
        .option('--cluster <name>', 'only runs of this cluster')
        .option(
          '--save',
          'keep the models in the store, so that predict and suggest need not fit; also beside a crawl',
        ),
    async ({ spot, output }, { tag, app, cluster, save = false, format }) => {
      const store = await spot.openStore(save ? 'share' : 'read');
      const minNewRuns = spot.config.of(modelsSection).settings.min_new_runs;
      const tags =
        tag === undefined && app === undefined
          ? await tagsOf(store, cluster, save ? undefined : MOST_RUNS_LISTED)
          : [(await requireApplication(store, { tag, app, cluster })).tag];
      const fitted: FittedApplication[] = [];
      for (const each of tags.toSorted()) {
        const one = save
          ? await saved(store, each, spot.environment.now())
          : await looked(store, await readApplication(store, { tag: each, cluster }), minNewRuns);
        if (one !== undefined) fitted.push(one);
      }
      // Without a run that teaches anything this says so.
      if (fitted.length === 0) await requireApplication(store, { tag, app, cluster });
      if (format === 'json') await output.json(fitted);
      else {
        await output.line(table(fitted, COLUMNS, output.columns));
        for (const { tag: name, validity } of fitted) {
          const note = validityNote(validity);
          if (note !== undefined) output.note(`${name}: ${note}.`);
        }
      }
      return EXIT.ok;
    },
  );
}

async function saved(store: Store, tag: string, now: Date): Promise<FittedApplication | undefined> {
  const learned = await learnAndKeep(store, tag, now);
  if (learned === undefined) return undefined;
  const { history, models } = learned;
  const model = models.get('durationMs');
  // Too few settings for a model worth keeping; the history is kept all the same.
  if (model === undefined) return { ...fittedOf(history, fitHistory(history.runs)), source: 'fitted now' };
  return { ...fittedOf(history, model), source: 'saved', targets: [...models.keys()] };
}

async function looked(
  store: Store,
  history: ApplicationHistory,
  minNewRuns: number,
): Promise<FittedApplication | undefined> {
  const model = await modelOf(store, history, { minNewRuns });
  return model === undefined ? undefined : { ...fittedOf(history, model.fitted), source: model.source };
}

function fittedOf(
  { tag, runs, validity }: ApplicationHistory,
  fitted: HistoryModel,
): Omit<FittedApplication, 'source'> {
  const { model, learned, medianDurationMs, distinctSettings } = fitted;
  const { error, range, hash } = model.document;
  return { tag, runs: runs.length, distinctSettings, medianDurationMs, error, range, learned, hash, validity };
}

function rangeText({ range, learned }: FittedApplication): string | undefined {
  const parts = learned.map((name) => {
    const { min, max } = range[name] ?? {};
    // A switch has no range.
    if (min === undefined || max === undefined) return name;
    const show = name === 'inputBytes' ? bytesText : String;
    return `${name} ${show(min)}–${show(max)}`;
  });
  return parts.length === 0 ? undefined : parts.join(', ');
}

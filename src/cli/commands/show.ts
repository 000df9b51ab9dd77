import { Option } from 'commander';
import { findRun } from '../../app/find-run.ts';
import { runLabel, type RunKey } from '../../documents/run-key.ts';
import { toRunRow } from '../../documents/run-row.ts';
import type { DocumentKind, Store } from '../../store/store.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { runFacts } from '../run-facts.ts';

interface ShowOptions {
  readonly doc?: DocumentKind;
  readonly cluster?: string;
}

/** `spot show RUN`: what is kept of one run. */
export function showCommand(host: CommandHost) {
  return defineCommand<ShowOptions>(
    {
      name: 'show',
      summary: 'what is stored of one run',
      formats: ['table', 'json'],
      examples: [
        'spot show app-20261121080408-0000',
        'spot show application_1700000000000_0042/2 --doc agg',
        'spot show app-20261121080408-0000 --doc raw > raw.json',
      ],
    },
    host,
    (command) =>
      command
        .argument('<run>', 'application id, or application id/attempt id; without an attempt the newest')
        .addOption(new Option('--doc <kind>', 'print this document, as JSON').choices(['raw', 'agg', 'err', 'detail']))
        .option('--cluster <name>', 'where it ran, when the id alone is not enough'),
    async ({ spot, output }, options, [label = '']) => {
      const store = await spot.openStore('read');
      if (options.doc === 'err') {
        const error = await findError(store, label, options.cluster);
        if (error === undefined) output.note(`No error is stored for ${label}.`);
        else await output.json(error);
        return error === undefined ? EXIT.failed : EXIT.ok;
      }
      const key = await findRun(store, label, options.cluster);
      if (options.doc !== undefined)
        return (await printDocument(store, key, options.doc, output)) ? EXIT.ok : EXIT.failed;

      const document = await store.readAggregate(key);
      if (document === undefined) return EXIT.failed;
      if (options.format === 'json') await output.json(toRunRow(document));
      else await output.line(runFacts(document));
      return EXIT.ok;
    },
  );
}

async function printDocument(
  store: Store,
  key: RunKey,
  kind: 'raw' | 'agg' | 'detail',
  output: CommandHost['output'],
): Promise<boolean> {
  const read = {
    raw: () => store.readRaw(key),
    agg: () => store.readAggregate(key),
    detail: () => store.readDetail(key),
  }[kind];
  const document = await read();
  if (document === undefined) output.note(`${runLabel(key)} has no ${kind} document. ${WHY_ABSENT[kind]}`);
  else await output.json(document);
  return document !== undefined;
}

const WHY_ABSENT = {
  raw: 'Raw documents are switched off where raw_index is empty.',
  agg: '',
  detail: 'Only a run read from its event log has one.',
} as const;

/** An error belongs to a run that may not be stored, so it is looked for by id, in each cluster that has errors. */
async function findError(store: Store, label: string, cluster: string | undefined) {
  const [, appId = label, attemptId] = /^(.*)\/([^/]+)$/.exec(label) ?? [];
  for await (const error of store.findErrors({ cluster })) {
    const { spark_app_id, attempt_id } = error.spot;
    const isIt = spark_app_id === label || (spark_app_id === appId && attempt_id === attemptId);
    if (isIt) return error;
  }
  return undefined;
}

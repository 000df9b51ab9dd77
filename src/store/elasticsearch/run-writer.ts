import { StoreError, toError } from '../../util/errors.ts';
import { columnsOf, type RunColumns } from '../run-columns.ts';
import type { RunDocuments, SaveOutcome } from '../store.ts';
import type { BulkWriter } from './bulk.ts';
import type { Aliases } from './indexes.ts';
import { aggregateViews, detailViews, rawViews, searchOf, type Views } from './stored-document.ts';
import { sendingOf, writeViews, type Sending } from './view-writer.ts';

export interface RunWriterOptions {
  readonly aliases: Aliases;
  readonly maxDocumentBytes: number;
}

/** A document of the run with this position in the batch. */
interface RunSending extends Sending {
  readonly run: number;
}

/**
 * Writes the runs of a batch: raw and detail documents first, then the agg documents of those runs whose others are stored.
 * So a run with an agg document has all its documents, also when the process ends in between.
 */
export async function writeRuns(
  bulk: BulkWriter,
  runs: readonly RunDocuments[],
  options: RunWriterOptions,
  signal?: AbortSignal,
): Promise<readonly SaveOutcome[]> {
  const outcomes: SaveOutcome[] = runs.map(() => ({ status: 'saved' }));
  const send = async (sendings: readonly RunSending[]): Promise<void> => {
    const open = sendings.filter(({ run }) => outcomes[run]?.status === 'saved');
    const results = await writeViews(bulk, open, signal);
    for (const [position, result] of results.entries()) {
      const { run } = open[position] ?? { run: -1 };
      if (result.status === 'conflict') outcomes[run] = { status: 'superseded' };
      if (result.status === 'refused') outcomes[run] = { status: 'rejected', error: result.error };
    }
  };

  const prepared = runs.map((run, index) => {
    try {
      return prepare(run, index, options);
    } catch (thrown) {
      outcomes[index] = { status: 'rejected', error: rejection(thrown) };
      return { first: [], last: [] };
    }
  });
  await send(prepared.flatMap(({ first }) => first));
  await send(prepared.flatMap(({ last }) => last));
  return outcomes;
}

/** Everything is turned into JSON before anything is sent, so that a run of which a part cannot be written leaves nothing behind. */
function prepare(
  run: RunDocuments,
  index: number,
  { aliases, maxDocumentBytes }: RunWriterOptions,
): { readonly first: readonly RunSending[]; readonly last: readonly RunSending[] } {
  const columns = columnsOf(run);
  const search = searchOf(columns);
  const sendings = (alias: string | undefined, views: () => Views): readonly RunSending[] =>
    alias === undefined ? [] : [{ run: index, ...sendingOf(indexAction(alias, columns), views(), maxDocumentBytes) }];

  return {
    first: [
      ...(run.raw === undefined ? [] : sendings(aliases.raw, () => rawViews(run, search))),
      ...(run.detail === undefined ? [] : sendings(aliases.detail, () => detailViews(run, search, columns.revision))),
    ],
    last: sendings(aliases.agg, () => aggregateViews(run, search)),
  };
}

/** The revision is the document's version: Elasticsearch itself refuses to let an older one replace a newer. */
function indexAction(alias: string, { id, revision }: RunColumns): string {
  return JSON.stringify({ index: { _index: alias, _id: id, version: revision, version_type: 'external_gte' } });
}

function rejection(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const { message } = toError(thrown);
  return new StoreError('STORE_REJECTED', `The documents of the run are not what they should be: ${message}`, {
    cause: thrown,
  });
}

/** An operation of a bulk that the server is made to refuse, and what it says of it. */
interface RefusedItem {
  readonly position: number;
  readonly answer: unknown;
}

/** What is left of a bulk, and what was taken out of it. */
export interface SplitBulk {
  readonly body: Buffer;
  readonly refused: readonly RefusedItem[];
}

/**
 * Takes operations out of the body of a `_bulk`, as an overloaded node does whose queue is full for some shards only.
 *
 * @param isRefused - drawn for each operation; when none is drawn it is the first
 */
export function splitBulk(body: Buffer, isRefused: () => boolean): SplitBulk {
  const operations = operationsIn(body.toString().split('\n'));
  const drawn = operations.map(isRefused);
  if (!drawn.includes(true)) drawn[0] = true;
  const refused = operations.flatMap(({ kind, target }, position): readonly RefusedItem[] =>
    drawn[position] === true
      ? [
          {
            position,
            answer: {
              [kind]: {
                _index: target._index,
                _id: target._id,
                status: 429,
                error: { type: 'es_rejected_execution_exception', reason: 'rejected execution of the test' },
              },
            },
          },
        ]
      : [],
  );
  const kept = operations.filter((_, position) => drawn[position] !== true);
  return { body: Buffer.from(kept.flatMap(({ lines }) => lines.map((line) => `${line}\n`)).join('')), refused };
}

/** The answer to the whole bulk, out of the answer to what was left of it. */
export function mergedAnswer(answer: Buffer | undefined, refused: readonly RefusedItem[]): Buffer {
  const told = answer === undefined ? { took: 1, items: [] } : (JSON.parse(answer.toString()) as { items: unknown[] });
  const items: unknown[] = [...told.items];
  // Ascending, so that each lands where it stood.
  for (const { position, answer: item } of refused) items.splice(position, 0, item);
  return Buffer.from(JSON.stringify({ ...told, errors: true, items }));
}

interface Operation {
  readonly kind: string;
  readonly target: { readonly _index?: string; readonly _id?: string };
  readonly lines: readonly string[];
}

function operationsIn(lines: readonly string[]): Operation[] {
  const operations: Operation[] = [];
  for (let at = 0; at < lines.length; at++) {
    const action = lines[at] ?? '';
    if (action === '') continue;
    const [named] = Object.entries(JSON.parse(action) as Record<string, Operation['target']>);
    if (named === undefined) throw new Error(`no operation of a bulk: ${action}`);
    const [kind, target] = named;
    operations.push({ kind, target, lines: kind === 'delete' ? [action] : [action, lines[++at] ?? ''] });
  }
  return operations;
}

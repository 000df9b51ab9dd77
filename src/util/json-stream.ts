import { stringifyJson } from './lossless-json.ts';

/** Members of a JSON object that are made one at a time, as they are written, and never held together. */
export class JsonEntries {
  readonly entries: Iterable<readonly [key: string, value: unknown]>;

  constructor(entries: Iterable<readonly [key: string, value: unknown]>) {
    this.entries = entries;
  }
}

/** Elements of a JSON list that are made one at a time. */
export class JsonElements {
  readonly elements: Iterable<unknown>;

  constructor(elements: Iterable<unknown>) {
    this.elements = elements;
  }
}

const INDENT = '  ';

/**
 * JSON in pieces, for answers that are longer than a string may be.
 *
 * A list comes element by element, and so does what is wrapped in {@link JsonEntries} or {@link JsonElements}, as a
 * member of an object too; everything else is one piece.
 */
export function* jsonChunks(value: unknown, pad = ''): Generator<string, void> {
  if (value instanceof JsonElements) yield* list(value.elements, pad);
  else if (Array.isArray(value)) yield* list(value, pad);
  else if (value instanceof JsonEntries) yield* object(value.entries, pad);
  else if (hasLazyMember(value)) yield* object(Object.entries(value), pad);
  else yield stringifyJson(value, INDENT.length).replaceAll('\n', `\n${pad}`);
}

function* list(elements: Iterable<unknown>, pad: string): Generator<string, void> {
  const inner = pad + INDENT;
  let isEmpty = true;
  for (const element of elements) {
    yield `${isEmpty ? '[' : ','}\n${inner}`;
    yield* jsonChunks(element ?? null, inner);
    isEmpty = false;
  }
  yield isEmpty ? '[]' : `\n${pad}]`;
}

function* object(entries: Iterable<readonly [string, unknown]>, pad: string): Generator<string, void> {
  const inner = pad + INDENT;
  let isEmpty = true;
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    yield `${isEmpty ? '{' : ','}\n${inner}${JSON.stringify(key)}: `;
    yield* jsonChunks(value, inner);
    isEmpty = false;
  }
  yield isEmpty ? '{}' : `\n${pad}}`;
}

function hasLazyMember(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => member instanceof JsonEntries || member instanceof JsonElements);
}

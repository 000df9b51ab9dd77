import { randomUUID } from 'node:crypto';
import { parseJson } from '../../util/lossless-json.ts';

/** Of 85 KB about an environment 60 are Hadoop's properties and 18 the classpath: those of the cluster, not of the run. */
const NAMES = ['hadoopProperties', 'classpathEntries'] as const;
/** Of each name: a server may serve more than one cluster, and a cluster's settings change. */
const MAX_REMEMBERED = 8;
const MAX_BYTES = 1 << 20;
/** Stands where a list was cut out. No answer can have it of itself. */
const CUT = `cut ${randomUUID()}`;

const [QUOTE, BACKSLASH, COLON, OPEN, CLOSE] = [0x22, 0x5c, 0x3a, 0x5b, 0x5d];
/** Space, tab, line feed, carriage return: what JSON allows between its signs. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

interface Remembered {
  readonly bytes: Buffer;
  readonly list: readonly unknown[];
}
interface Found {
  readonly name: string;
  readonly start: number;
  readonly list: Remembered;
}

/**
 * Parses answers about environments. A list that came before, byte for byte, is not parsed again: it is the same frozen object
 * as then, so that whoever works on it can see that the work is done already.
 */
export class RepeatedLists {
  readonly #remembered = new Map<string, readonly Remembered[]>(NAMES.map((name) => [name, []]));

  /**
   * The same value as `parseJson` of the text.
   *
   * @throws SyntaxError as `JSON.parse` does
   */
  parse(body: Buffer): unknown {
    const found = NAMES.map((name) => this.#find(body, name)).filter((list) => list !== undefined);
    return (
      withLists(
        body,
        found.toSorted((a, b) => a.start - b.start),
      ) ?? parseJson(body.toString())
    );
  }

  #find(body: Buffer, name: string): Found | undefined {
    const start = startOfList(body, name);
    if (start === undefined) return undefined;
    const remembered = this.#remembered.get(name) ?? [];
    const known = remembered.find(({ bytes }) => bytes.equals(body.subarray(start, start + bytes.length)));
    const list = known ?? parseList(body, start);
    if (list === undefined) return undefined;
    // The one that was last seen first: it is the likeliest.
    if (remembered[0] !== list)
      this.#remembered.set(name, [list, ...remembered.filter((other) => other !== list)].slice(0, MAX_REMEMBERED));
    return { name, start, list };
  }
}

/** @returns undefined where a list turns out not to be a property of the answer itself, or the rest cannot be parsed */
function withLists(body: Buffer, lists: readonly Found[]): object | undefined {
  if (lists.length === 0) return undefined;
  let rest = '';
  let end = 0;
  for (const { start, list } of lists) {
    rest += body.toString('utf8', end, start) + JSON.stringify(CUT);
    end = start + list.bytes.length;
  }
  try {
    const value = parseJson(rest + body.toString('utf8', end));
    if (typeof value !== 'object' || value === null) return undefined;
    for (const { name, list } of lists) {
      if (Object.getOwnPropertyDescriptor(value, name)?.value !== CUT) return undefined;
      Reflect.set(value, name, list.list);
    }
    return value;
  } catch {
    // The whole text is parsed then, and its error is the true one.
    return undefined;
  }
}

/** Where the list behind this key begins. Within a text of JSON the key's quotes would be escaped. */
function startOfList(body: Buffer, name: string): number | undefined {
  const key = `"${name}"`;
  const at = body.indexOf(key, 0, 'latin1');
  if (at < 0) return undefined;
  const colon = afterBlanks(body, at + key.length);
  if (body[colon] !== COLON) return undefined;
  const start = afterBlanks(body, colon + 1);
  return body[start] === OPEN ? start : undefined;
}

function afterBlanks(body: Buffer, from: number): number {
  let at = from;
  while (BLANKS.has(body[at] ?? -1)) at += 1;
  return at;
}

/** @returns undefined for what is no list of pairs of texts: nobody may take it for one that never changes */
function parseList(body: Buffer, start: number): Remembered | undefined {
  const end = endOfList(body, start);
  if (end === undefined || end - start > MAX_BYTES) return undefined;
  // A copy: a part of the body would keep all of it in memory.
  const bytes = Buffer.from(body.subarray(start, end));
  try {
    const list = JSON.parse(bytes.toString()) as unknown[];
    if (!list.every(isListOfTexts)) return undefined;
    for (const pair of list) Object.freeze(pair);
    return { bytes, list: Object.freeze(list) };
  } catch {
    return undefined;
  }
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

/** @returns undefined where the text breaks off before it */
function endOfList(body: Buffer, start: number): number | undefined {
  let depth = 0;
  let isInText = false;
  for (let at = start; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) isInText = !isInText;
    else if (isInText) at += Number(byte === BACKSLASH);
    else if (byte === OPEN) depth += 1;
    else if (byte === CLOSE) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

import { readFileSync } from 'node:fs';
import { SpotError } from '../../../src/util/errors.ts';

/** What became of a case. */
export interface Verdict {
  /** A word for the count: what was told, or the code of the refusal. */
  readonly outcome: string;
  /** What is wrong about that; absent where all is well. */
  readonly complaint?: string | undefined;
}

const ERRORS_PAGE = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const DOCUMENTED = new Set([...ERRORS_PAGE.matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code));

/**
 * What is wrong with a refusal, if anything: it must have a code that docs/errors.md explains, name what it is about, and say
 * why; where it happened in the middle of something, it must say where.
 *
 * @param names - of the file or the address, one of which must be in the message
 * @param places - where it happened, for the codes that are about a place
 */
export function complaintOf(
  error: unknown,
  names: readonly string[],
  places: Readonly<Record<string, RegExp>>,
): string | undefined {
  if (!(error instanceof SpotError)) return `not an error of Spot's: ${inFull(error)}`;
  const { code, message } = error;
  const place = places[code];
  if (!DOCUMENTED.has(code)) return `docs/errors.md does not know ${code}`;
  if (!names.some((name) => message.includes(name))) return `${code} names none of ${names.join(', ')}: ${message}`;
  if (place !== undefined && !place.test(message)) return `${code} does not say where: ${message}`;
  if (/undefined|NaN|\[object|Infinity/.test(message)) return `${code} says something strange: ${message}`;
  return undefined;
}

export function inFull(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The path to a number that is none in what will be written as JSON, where it would become null without a word. */
export function notANumberIn(value: unknown): string | undefined {
  const waiting: [value: unknown, path: string][] = [[value, '']];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [here, path] = next;
    if (typeof here === 'number' && !Number.isFinite(here)) return path;
    if (typeof here !== 'object' || here === null) continue;
    for (const [key, inner] of Object.entries(here)) {
      // A name for each number would cost more than the search.
      if (typeof inner === 'number' ? !Number.isFinite(inner) : typeof inner === 'object')
        waiting.push([inner, `${path}/${key}`]);
    }
  }
  return undefined;
}

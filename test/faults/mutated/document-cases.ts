import { gzipSync } from 'node:zlib';
import { recordedRun } from '../../support/fake-history-server.ts';
import { chanceOf, type Chance } from './chance.ts';
import { LOG_BASES } from './log-bases.ts';
import { mutatedBytes } from './odd-bytes.ts';
import { withoutKey, withOddKey, withOddValue } from './odd-json.ts';

/** The answers that Spot asks a History Server for. */
export const ANSWERS = ['applications', 'allexecutors', 'stages', 'environment', 'jobs'] as const;
export type AnswerName = (typeof ANSWERS)[number];

/** What a real server answered for one application: the texts. */
export interface DocumentBase {
  readonly name: string;
  readonly texts: Readonly<Record<AnswerName, string>>;
}

export interface DocumentCase {
  readonly base: DocumentBase;
  readonly bodies: Readonly<Record<AnswerName, Buffer>>;
  /** Answers whose bodies are compressed. */
  readonly gzipped: ReadonlySet<AnswerName>;
  /** The answers mean the same as those of the base: so must what Spot makes of them. */
  readonly isValid: boolean;
}

export const DOCUMENT_BASES: readonly DocumentBase[] = [
  wordCount(),
  ...LOG_BASES.flatMap(({ name, answers }) => {
    if (answers === undefined) return [];
    const { application, allexecutors, stages, environment, jobs } = answers;
    const texts = {
      applications: [application],
      allexecutors,
      stages,
      environment: withShortLists(environment),
      jobs,
    };
    return [{ name, texts: mapped(texts, (answer) => JSON.stringify(answer, undefined, 2)) }];
  }),
];

function wordCount(): DocumentBase {
  const { application, answers } = recordedRun('smoke-wordcount');
  return { name: 'smoke-wordcount', texts: { ...answers, applications: JSON.stringify([application]), jobs: '[]' } };
}

function withShortLists(environment: unknown): unknown {
  const short = Object.entries(environment as object).map(([key, value]: [string, unknown]) => [
    key,
    Array.isArray(value) && key !== 'sparkProperties' ? value.slice(0, 5) : value,
  ]);
  return Object.fromEntries(short) as unknown;
}

const VALID = 0.2;

/** The answers for an application, one or two of them changed: in the text, in the bytes, or harmlessly. */
export function documentCase(seed: number, number: number): DocumentCase {
  const chance = chanceOf(seed, number);
  const base = DOCUMENT_BASES[chance.below(DOCUMENT_BASES.length)]!;
  const isValid = chance.happens(VALID);
  const bodies: Record<AnswerName, Buffer> = mapped(base.texts, (text) => Buffer.from(text));
  const gzipped = new Set<AnswerName>();
  for (let left = chance.happens(0.3) ? 2 : 1; left > 0; left--) {
    const name = chance.pick(ANSWERS);
    const text = isValid ? harmlessly(base.texts[name], chance) : mutatedText(base.texts[name], chance);
    bodies[name] = Buffer.from(text);
    gzipped.delete(name);
    if (chance.happens(0.1)) {
      bodies[name] = gzipSync(bodies[name], { level: 1 });
      gzipped.add(name);
    }
    if (!isValid && chance.happens(0.2)) bodies[name] = mutatedBytes(bodies[name], chance);
  }
  return { base, bodies, gzipped, isValid };
}

const MOST = 6;

function mutatedText(text: string, chance: Chance): string {
  let changed = text;
  for (let left = chance.below(MOST); left > 0; left--) {
    changed = chance.pick([withOddValue, withOddValue, withOddValue, withOddKey, withoutKey, twice, cut, elsewhere])(
      changed,
      chance,
    );
  }
  return changed;
}

/** A row twice there: in an array, what stands between two commas of it. */
function twice(text: string, chance: Chance): string {
  const from = text.indexOf(',', chance.below(text.length));
  const to = text.indexOf(',', from + 1);
  return from < 0 || to < 0 ? text : text.slice(0, to) + text.slice(from, to) + text.slice(to);
}

function cut(text: string, chance: Chance): string {
  return chance.happens(0.3) ? text.slice(0, chance.below(text.length)) : text;
}

/** What other servers, proxies and errors answer. */
function elsewhere(text: string, chance: Chance): string {
  if (!chance.happens(0.2)) return text;
  return chance.pick([
    '',
    'null',
    '[]',
    '{}',
    '<html>login</html>',
    '\n <!DOCTYPE html>',
    '"text"',
    '[null]',
    '[[]]',
    '7',
    `[${text}]`,
  ]);
}

/** As another writer, or a newer server, would put the same. */
function harmlessly(text: string, chance: Chance): string {
  const answer: unknown = JSON.parse(text);
  if (/\d{16}/.test(text)) return text;
  const isOptionalNull = chance.happens(0.3);
  const more = (row: object): object => ({
    ...(chance.happens(0.5) ? Object.fromEntries(Object.entries(row).reverse()) : row),
    ...(isOptionalNull && !('removeReason' in row) && 'hostPort' in row ? { removeReason: null } : {}),
  });
  const changed = Array.isArray(answer) ? answer.map((row) => more(row as object)) : more(answer as object);
  const written = JSON.stringify(changed, undefined, chance.pick([0, 1, 7]));
  return chance.happens(0.3) ? ` \n\t${written} \r\n` : written;
}

export function mapped<V, W>(record: Readonly<Record<AnswerName, V>>, change: (value: V) => W): Record<AnswerName, W> {
  return Object.fromEntries(ANSWERS.map((name) => [name, change(record[name])])) as Record<AnswerName, W>;
}

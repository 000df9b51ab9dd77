import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a clone is made to say; the server must tell the same of it. */
export interface ClonedAttempt {
  readonly id: string;
  /** Of an application with several attempts. */
  readonly attemptId: string | undefined;
  readonly name: string;
  readonly user: string;
  readonly startTime: Date;
  /** As logged; undefined for one that never ended. */
  readonly endTime: Date | undefined;
  /** Name of the log file. */
  readonly file: string;
}

export interface CloneOptions {
  /** Default: the plain log of the corpus, 157 kB with 6 jobs; another one must be plain and one file. */
  readonly template?: string;
  readonly logDir: string;
  readonly count: number;
  /** End of the first clone; the others follow in order. Default: 2026-01-01T00:00:00Z. */
  readonly firstEnd?: Date;
  /** Between the ends of two clones. Default: a minute. */
  readonly everyMs?: number;
  /** Number of the first clone, for more of them in the same folder. Default: 0. */
  readonly firstNumber?: number;
  /** How many attempts clone `number` has. Default: one, without an id. */
  readonly attempts?: (number: number) => number;
  /** Whether clone `number` was killed: its (last) attempt has no end. Default: none. */
  readonly isUnfinished?: (number: number) => boolean;
}

const TEMPLATE = fileURLToPath(new URL('../fixtures/spark-corpus/logs/app-20261121084635-0000', import.meta.url));

/** Spark writes epoch milliseconds everywhere, as numbers and inside of property values. */
const EPOCH_MS = /\b1[0-9]{12}\b/g;

/**
 * Writes many event logs out of a real one: other ids, names, users and times, everything else as Spark wrote it.
 *
 * @returns the manifest: what a History Server over the folder must list, in order of number, then attempt
 */
export async function cloneEventLogs(options: CloneOptions): Promise<readonly ClonedAttempt[]> {
  const { template = TEMPLATE, logDir, count, firstNumber = 0 } = options;
  const { attempts = () => 1 } = options;
  const original = new Template(await readFile(template, 'utf8'));
  await mkdir(logDir, { recursive: true });

  const manifest: ClonedAttempt[] = [];
  for (let number = firstNumber; number < firstNumber + count; number++) {
    for (let attempt = 1; attempt <= attempts(number); attempt++) {
      const clone = describeClone(original, options, number, attempt);
      const path = join(logDir, clone.file);
      await writeFile(path, original.asClone(clone));
      // The server takes the time of the file for "last updated".
      if (clone.endTime !== undefined) await utimes(path, clone.endTime, clone.endTime);
      manifest.push(clone);
    }
  }
  return manifest;
}

function describeClone(original: Template, options: CloneOptions, number: number, attempt: number): ClonedAttempt {
  const { firstEnd = new Date('2026-01-01T00:00:00Z'), everyMs = 60_000 } = options;
  const { attempts = () => 1, isUnfinished = () => false } = options;
  const attemptsInAll = attempts(number);
  const retriesAfter = attemptsInAll - attempt;
  // Earlier attempts end earlier, each a second before the next one starts.
  const endTime = firstEnd.getTime() + number * everyMs - retriesAfter * (original.durationMs + 1000);
  const isKilled = retriesAfter === 0 && isUnfinished(number);
  const id = `application_1767225600000_${String(number).padStart(5, '0')}`;
  const attemptId = attemptsInAll === 1 ? undefined : String(attempt);
  return {
    id,
    attemptId,
    name: `clone ${number}`,
    user: `user-${number % 7}`,
    startTime: new Date(endTime - original.durationMs),
    endTime: isKilled ? undefined : new Date(endTime),
    file: `${id}${attemptId === undefined ? '' : `_${attemptId}`}${isKilled ? '.inprogress' : ''}`,
  };
}

interface ApplicationStart {
  readonly 'App Name': string;
  readonly 'App ID': string;
  readonly Timestamp: number;
  readonly User: string;
}

/** A plain event log, and where it says who and when it was. */
class Template {
  readonly durationMs: number;
  readonly #text: string;
  readonly #start: ApplicationStart;
  readonly #startLine: string;
  readonly #endLine: string;

  constructor(text: string) {
    this.#text = text;
    this.#startLine = lineOf(text, 'SparkListenerApplicationStart');
    this.#endLine = lineOf(text, 'SparkListenerApplicationEnd');
    this.#start = JSON.parse(this.#startLine) as ApplicationStart;
    const end = JSON.parse(this.#endLine) as { readonly Timestamp: number };
    this.durationMs = end.Timestamp - this.#start.Timestamp;
  }

  asClone({ id, attemptId, name, user, startTime, endTime }: ClonedAttempt): string {
    const start = {
      ...this.#start,
      'App Name': name,
      'App ID': id,
      User: user,
      ...(attemptId === undefined ? {} : { 'App Attempt ID': attemptId }),
    };
    const text = this.#text
      // A function, so that a `$` of the replacement means itself.
      .replace(this.#startLine, () => JSON.stringify(start))
      .replace(endTime === undefined ? `${this.#endLine}\n` : '', '')
      .replaceAll(this.#start['App ID'], id)
      .replaceAll(`"spark.app.name":"${this.#start['App Name']}"`, `"spark.app.name":"${name}"`);
    const later = startTime.getTime() - this.#start.Timestamp;
    const [earliest, latest] = [this.#start.Timestamp - 60_000, this.#start.Timestamp + this.durationMs + 60_000];
    return text.replaceAll(EPOCH_MS, (digits) => {
      const epoch = Number(digits);
      return epoch >= earliest && epoch <= latest ? String(epoch + later) : digits;
    });
  }
}

function lineOf(text: string, event: string): string {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`{"Event":"${event}"`));
  if (line === undefined) throw new Error(`the template has no ${event}: it must be a plain, complete event log`);
  return line;
}

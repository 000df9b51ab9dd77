import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { stringifyJson } from '../util/lossless-json.ts';

export const FORMATS = ['table', 'json', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

/** Data goes to standard output, everything else to standard error. Both wait for a slow reader. */
export class Output {
  readonly #data: Writable;
  readonly #notes: Writable;
  readonly isTerminal: boolean;
  readonly columns: number;

  constructor(data: Writable & { isTTY?: boolean; columns?: number }, notes: Writable & { isTTY?: boolean }) {
    this.#data = data;
    this.#notes = notes;
    this.isTerminal = notes.isTTY === true;
    this.columns = data.isTTY === true ? (data.columns ?? 120) : Infinity;
  }

  async line(text: string): Promise<void> {
    await write(this.#data, `${text}\n`);
  }

  async json(value: unknown): Promise<void> {
    await this.line(stringifyJson(value, 2));
  }

  /** One value a line as it comes, or one array around all of them; nothing is gathered. */
  async jsonStream(values: AsyncIterable<unknown>, format: 'json' | 'ndjson'): Promise<number> {
    let count = 0;
    for await (const value of values) {
      const text = stringifyJson(value);
      if (format === 'ndjson') await this.line(text);
      else await write(this.#data, `${count === 0 ? '[\n' : ',\n'}${text}`);
      count += 1;
    }
    if (format === 'json') await this.line(count === 0 ? '[]' : '\n]');
    return count;
  }

  /** A sentence for the person at the terminal. */
  note(text: string): void {
    this.#notes.write(`${text}\n`);
  }

  /** Rewrites the last line of a terminal. */
  status(text: string): void {
    this.#notes.write(`\r\u001b[2K${text}`);
  }
}

async function write(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

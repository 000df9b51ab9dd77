import { basename } from 'node:path';

/** What happened to files and to standard output, in its order. */
export type DiskEvent =
  | { readonly what: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly what: 'truncate'; readonly file: string; readonly size: number }
  | { readonly what: 'sync'; readonly file: string }
  | { readonly what: 'said'; readonly text: string };

/** The options of strace whose output {@link readTrace} reads: every text in hexadecimal, none cut. */
export const STRACE_OPTIONS = [
  ...['-f', '-qq', '-xx', '-s', '16000000'],
  ...['-e', 'trace=openat,close,pwrite64,write,ftruncate,fsync,fdatasync', '-e', 'signal=none'],
] as const;

/** Reads what strace wrote of a program. Calls that other threads broke into are put together again. */
export function readTrace(trace: string): readonly DiskEvent[] {
  const events: DiskEvent[] = [];
  const files = new Map<number, string>();
  for (const [, name = '', args = '', result = 0] of callsOf(trace)) {
    const descriptor = Number(/^\d+/.exec(args)?.[0]);
    const file = files.get(descriptor) ?? '';
    if (result < 0) continue;
    if (name === 'openat') files.set(result, basename(textsIn(args)[0]?.toString() ?? ''));
    if (name === 'close') files.delete(descriptor);
    if (name === 'write' && descriptor === 1)
      events.push({ what: 'said', text: (textsIn(args)[0] ?? Buffer.alloc(0)).toString() });
    if (file === '') continue;
    const numbers = args.split(', ').map(Number);
    if (name === 'pwrite64')
      events.push({ what: 'write', file, at: numbers.at(-1) ?? 0, bytes: textsIn(args)[0] ?? Buffer.alloc(0) });
    if (name === 'ftruncate') events.push({ what: 'truncate', file, size: numbers.at(-1) ?? 0 });
    if (name === 'fsync' || name === 'fdatasync') events.push({ what: 'sync', file });
  }
  return events;
}

function* callsOf(trace: string): Generator<readonly [thread: string, name: string, args: string, result: number]> {
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const space = line.indexOf(' ');
    const thread = line.slice(0, space);
    const rest = line.slice(space).trimStart();
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.slice(0, -' <unfinished ...>'.length));
      continue;
    }
    const resumed = rest.startsWith('<...')
      ? (begun.get(thread) ?? '') + rest.slice(rest.indexOf('resumed>') + 'resumed>'.length)
      : rest;
    const open = resumed.indexOf('(');
    const end = resumed.lastIndexOf(')');
    const equals = resumed.indexOf('= ', end);
    if (open === -1 || end === -1 || equals === -1) continue;
    yield [
      thread,
      resumed.slice(0, open),
      resumed.slice(open + 1, end),
      Number.parseInt(resumed.slice(equals + 2), 10),
    ];
  }
}

function textsIn(args: string): readonly Buffer[] {
  const texts: Buffer[] = [];
  for (let from = args.indexOf('"'); from !== -1; from = args.indexOf('"', from)) {
    const to = args.indexOf('"', from + 1);
    texts.push(Buffer.from(args.slice(from + 1, to).replaceAll('\\x', ''), 'hex'));
    from = to + 1;
  }
  return texts;
}

/** A disk that keeps what was synced, and of what was not as much as it likes. */
export class CarelessDisk {
  readonly #durable = new Map<string, Buffer>();
  readonly #pending = new Map<string, DiskEvent[]>();

  apply(event: DiskEvent): void {
    if (event.what === 'said') return;
    const pending = this.#pending.get(event.file) ?? [];
    if (event.what !== 'sync') {
      pending.push(event);
      this.#pending.set(event.file, pending);
    } else {
      this.#durable.set(event.file, changed(this.#durable.get(event.file), pending));
      this.#pending.delete(event.file);
    }
  }

  /** A file after a power cut. @param isKept - asked for each write that was not synced */
  after(file: string, isKept: () => boolean): Buffer | undefined {
    const kept = (this.#pending.get(file) ?? []).filter(isKept);
    return kept.length === 0 ? this.#durable.get(file) : changed(this.#durable.get(file), kept);
  }
}

function changed(content: Buffer = Buffer.alloc(0), events: readonly DiskEvent[]): Buffer {
  let result: Buffer = Buffer.from(content);
  for (const event of events) {
    if (event.what === 'truncate') result = sized(result, event.size);
    if (event.what !== 'write') continue;
    result = sized(result, Math.max(result.length, event.at + event.bytes.length));
    event.bytes.copy(result, event.at);
  }
  return result;
}

function sized(content: Buffer, size: number): Buffer {
  return content.length >= size
    ? content.subarray(0, size)
    : Buffer.concat([content, Buffer.alloc(size - content.length)]);
}

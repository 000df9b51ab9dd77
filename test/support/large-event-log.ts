import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

const FIXTURES = new URL('../fixtures/replay/corpus/', import.meta.url);
/** Wide joins under adaptive execution, with large plans; and 5,000 small tasks of a SQL aggregation. */
const SOURCES = ['3.5.7-many-joins', '4.0.1-rolled-compacted'];
const WRITE_AT = 4 * 1024 * 1024;

type Kind = 'job' | 'stage' | 'task' | 'execution' | 'accumulator';
type Steps = Record<Kind, number>;
/** What grows with the tasks of a stage. */
type Width = 'index' | 'count';
/** A line cut at its ids: a text, and an id to be shifted before the next one. */
type Piece = string | readonly [kind: Kind | Width, id: number];

/** What stands before an id of each kind. RDD parents are shifted with stages, which nobody minds. */
const IDS =
  /("Index":|"Number of Tasks":|"Job ID":|"Stage ID":|"Task ID":|"(?:root)?[eE]xecutionId":|"spark\.sql\.execution\.id":"|"(?:ID|accumulatorId)":|"(?:Stage|Parent) IDs":\[|"accumUpdates":\[)([\d,[\]]*\d)?/g;

/**
 * Writes a log of about this size: the jobs of two real applications again and again, with ids that never repeat.
 *
 * Every round is as new to a reader as the first: its own jobs, stages, tasks, SQL executions and accumulators.
 *
 * @param targetBytes - reached and passed by less than one round (24 MB)
 * @param copies - of each task: so many times more tasks has each stage
 * @returns bytes written
 */
export function writeLargeEventLog(path: string, targetBytes: number, copies = 1): number {
  const logs = SOURCES.map((name) => readLog(name));
  const [first] = logs;
  if (first === undefined) throw new Error('no source');
  const out = openSync(path, 'w');
  let written = 0;
  let pending = '';
  const flush = (): void => {
    written += writeSync(out, pending);
    pending = '';
  };
  const put = (line: string): void => {
    pending += `${line}\n`;
    if (pending.length >= WRITE_AT) flush();
  };
  first.head.forEach(put);
  const steps: Steps = { job: 0, stage: 0, task: 0, execution: 0, accumulator: 0 };
  while (written < targetBytes) {
    for (const log of logs) {
      for (const pieces of log.body) {
        const times = isTask(pieces) ? copies : 1;
        for (let copy = 0; copy < times; copy++) {
          put(pieces.map((piece) => shifted(piece, steps, copy, copies)).join(''));
        }
      }
      for (const kind of Object.keys(steps) as Kind[]) steps[kind] += log.ids[kind];
    }
    flush();
  }
  first.tail.forEach(put);
  flush();
  closeSync(out);
  return written;
}

interface SourceLog {
  readonly head: readonly string[];
  readonly body: readonly (readonly Piece[])[];
  readonly tail: readonly string[];
  /** How many ids of each kind a round uses up. */
  readonly ids: Steps;
}

function readLog(name: string): SourceLog {
  const lines = brotliDecompressSync(readFileSync(new URL(`${name}.log.br`, FIXTURES)))
    .toString()
    .trimEnd()
    .split('\n');
  const isWork = (line: string): boolean => /^\{"Event":"(?:SparkListenerJob|org\.apache\.spark\.sql)/.test(line);
  const from = lines.findIndex(isWork);
  const to = lines.findLastIndex(isWork) + 1;
  const body = lines.slice(from, to).map(cut);
  const ids: Steps = { job: 0, stage: 0, task: 0, execution: 0, accumulator: 0 };
  for (const piece of body.flat()) {
    if (typeof piece === 'string' || piece[0] === 'index' || piece[0] === 'count') continue;
    ids[piece[0]] = Math.max(ids[piece[0]], piece[1] + 1);
  }
  return { head: lines.slice(0, from), body, tail: lines.slice(to), ids };
}

function cut(line: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of line.matchAll(IDS)) {
    const [, key = '', list = ''] = match;
    const kind = kindOf(key);
    pieces.push(line.slice(at, match.index + key.length));
    if (key.includes('accumUpdates')) {
      // Pairs of id and value: [[1,2],[6,64
      for (const part of list.split(/(?<=\[)(\d+)(?=,)/)) pieces.push(/^\d+$/.test(part) ? [kind, Number(part)] : part);
    } else {
      for (const part of list.split(/(,)/)) pieces.push(/^\d+$/.test(part) ? [kind, Number(part)] : part);
    }
    at = match.index + match[0].length;
  }
  return [...pieces, line.slice(at)];
}

function kindOf(key: string): Kind | Width {
  if (key.includes('Index')) return 'index';
  if (key.includes('Number')) return 'count';
  if (key.includes('Job')) return 'job';
  if (key.includes('Stage') || key.includes('Parent')) return 'stage';
  if (key.includes('Task')) return 'task';
  return /execution/i.test(key) ? 'execution' : 'accumulator';
}

function isTask([first]: readonly Piece[]): boolean {
  return typeof first === 'string' && first.startsWith('{"Event":"SparkListenerTask');
}

/** @param copies - each task is there so many times, with ids and indexes side by side */
function shifted(piece: Piece, steps: Steps, copy: number, copies: number): string {
  if (typeof piece === 'string') return piece;
  const [kind, id] = piece;
  switch (kind) {
    case 'index':
      return String(id * copies + copy);
    case 'count':
      return String(id * copies);
    case 'task':
      return String((id + steps.task) * copies + copy);
    default:
      return String(id + steps[kind]);
  }
}

import { isDeepStrictEqual } from 'node:util';
import { type ListedFile } from '../../../src/eventlog/bytes/layout.ts';
import { DEFAULT_LIMITS } from '../../../src/eventlog/bytes/limits.ts';
import { memoryFile } from '../../../src/eventlog/bytes/log-file.ts';
import type { ReplayedRun } from '../../../src/eventlog/replay/replayed-run.ts';
import { replayEventLog } from '../../../src/eventlog/replay/replay.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { LogCatalogue } from '../../../src/sources/event-log/catalogue.ts';
import type { LogFileSystem } from '../../../src/sources/event-log/file-system.ts';
import { applicationsOf, type ScannedLog } from '../../../src/sources/event-log/listing.ts';
import { openLog } from '../../../src/sources/event-log/replay-task.ts';
import type { ApplicationEnvironmentInfo, ApplicationInfo } from '../../../src/spark/rest.ts';
import { stringifyJson } from '../../../src/util/lossless-json.ts';
import { asAnswer } from '../../eventlog/replay/support.ts';
import { documentsOf } from './documents-of.ts';
import type { LogBase } from './log-bases.ts';
import type { LogCase } from './log-cases.ts';
import { complaintOf, inFull, notANumberIn, type Verdict } from './verdict.ts';

const LIMITS = { ...DEFAULT_LIMITS, maxDecodedBytes: 64 * 1024 ** 2 };
const MODIFIED = Date.parse('2026-11-21T12:00:00Z');

const NO_ENVIRONMENT: ApplicationEnvironmentInfo = { runtime: {}, sparkProperties: [] };

/** A refusal in the middle of a file says behind which line. */
const PLACES = { EVENT_LOG_DAMAGED: /after line \d+/, EVENT_LOG_GAP: /events file \d+/ };
const SKIPPED = /^[^:]+:\d+ .+/s;
/** What is told of a log is in proportion to it: no number in it makes memory run out. */
const MOST_TOLD = { times: 8, bytes: 300_000 };

/** Reads a folder as Spot reads it, from the listing to the documents, without its threads. */
export async function judgeLog({ base, files, isValid }: LogCase): Promise<Verdict> {
  const fileSystem = memoryFileSystem(files);
  const catalogue = new LogCatalogue(fileSystem, { recursive: false, limits: LIMITS, logger: silentLogger });
  const names = [...files.keys(), 'events_*_'];
  const { logs: found, failure } = await catalogue.refresh();
  if (failure !== undefined) return { outcome: 'failure', complaint: `the listing fails: ${inFull(failure)}` };

  const logs = [...found];
  const applications = applicationsOf(logs);
  if (isValid && (logs.length !== 1 || catalogue.unlisted.length > 0)) {
    return { outcome: 'not listed', complaint: 'a valid log is not listed' };
  }
  let verdict: Verdict = { outcome: 'no log' };
  for (const { path, error } of catalogue.unlisted) {
    const { code = 'UNEXPECTED' } = error as { readonly code?: string };
    const complaint = complaintOf(error, names, {});
    if (complaint !== undefined) return { outcome: code, complaint: `${path}: ${complaint}` };
    verdict = { outcome: `not listed: ${code}` };
  }
  for (const log of logs) {
    const application = applications.find(({ id }) => id === log.start.appId);
    verdict = await judgeOne(log, application!, { base, files, isValid }, fileSystem, names);
    if (verdict.complaint !== undefined) return verdict;
  }
  return verdict;
}

async function judgeOne(
  log: ScannedLog,
  application: ApplicationInfo,
  { base, files, isValid }: LogCase,
  fileSystem: LogFileSystem,
  names: readonly string[],
): Promise<Verdict> {
  const { layout, modified } = log;
  if (layout.gap !== undefined) {
    return { outcome: 'EVENT_LOG_GAP', complaint: isValid ? `a valid log has a gap: ${layout.gap}` : undefined };
  }
  let run: ReplayedRun;
  try {
    const { lines } = openLog(fileSystem, { layout, modified, limits: LIMITS });
    run = await replayEventLog(lines, { dialect: base.dialect, lastUpdated: modified });
  } catch (error) {
    const { code = 'UNEXPECTED' } = error as { readonly code?: string };
    const complaint = isValid ? `a valid log is refused: ${inFull(error)}` : complaintOf(error, names, PLACES);
    return { outcome: code, complaint };
  }
  const { skippedLines, skippedExamples } = run.detail.quality;
  const outcome = skippedLines === 0 ? 'told' : 'told, with lines left out';
  const complaint = complaintOfRun() ?? (await complaintOfDocuments()) ?? (isValid ? difference() : undefined);
  return { outcome, complaint };

  function complaintOfRun(): string | undefined {
    if (skippedExamples.length !== Math.min(10, skippedLines))
      return `${skippedLines} lines are left out, some without a word`;
    const odd = skippedExamples.find((example) => !SKIPPED.test(example));
    return odd === undefined ? undefined : `a line is left out without file, line and reason: ${odd}`;
  }

  async function complaintOfDocuments(): Promise<string | undefined> {
    const attempt = application.attempts.find(({ attemptId }) => attemptId === log.start.attemptId);
    const documents = await documentsOf(application, attempt!, {
      ...run,
      environment: run.environment ?? NO_ENVIRONMENT,
    });
    const nowhere = notANumberIn(documents);
    if (nowhere !== undefined) return `a number is none at ${nowhere}`;
    const stored = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    const { length } = stringifyJson(documents);
    const most = MOST_TOLD.times * Math.max(stored, joinedLength(base.lines)) + MOST_TOLD.bytes;
    return length > most ? `${length} bytes are told of ${stored}` : undefined;
  }

  function difference(): string | undefined {
    if (base.answers === undefined) return undefined;
    if (skippedLines > 0) return `lines of a valid log are left out: ${skippedExamples.join('; ')}`;
    const listed = (base.answers['application'] as ApplicationInfo).attempts[0];
    const told = { ...application.attempts[0], appSparkVersion: listed?.appSparkVersion };
    if (!isDeepStrictEqual(asAnswer(told), asAnswer(listed))) return 'the list tells something else than the server';
    const part = PARTS.find((name) => !isAsTheServer(base, name, run[name]));
    return part === undefined ? undefined : `${part} are not those of the server`;
  }
}

const PARTS = ['application', 'allexecutors', 'stages', 'jobs', 'sql'] as const;
/** By base and part: a text that was found to mean what the server answered. */
const asTheServer = new Map<string, string>();

/** Expected values: what a real History Server answered for the log as Spark wrote it. */
function isAsTheServer({ name, answers }: LogBase, part: (typeof PARTS)[number], told: unknown): boolean {
  const text = stringifyJson(told);
  // The same text means the same, and a look at each value costs more than the replay.
  if (asTheServer.get(`${name} ${part}`) === text) return true;
  const isSame = isDeepStrictEqual(asAnswer(told), asAnswer(answers?.[part]));
  if (isSame) asTheServer.set(`${name} ${part}`, text);
  return isSame;
}

function joinedLength(lines: readonly string[]): number {
  return lines.reduce((sum, { length }) => sum + length, 0);
}

function memoryFileSystem(files: ReadonlyMap<string, Buffer>): LogFileSystem {
  return {
    host: 'localhost',
    description: 'a folder in memory',
    list: () =>
      Promise.resolve(
        [...files].map(([path, { length }]): ListedFile => ({ path, size: length, modified: MODIFIED, version: '' })),
      ),
    open: (path, options) => memoryFile(path, files.get(path) ?? Buffer.alloc(0)).open(options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

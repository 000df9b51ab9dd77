import { toError } from '../../util/errors.ts';
import { parseJson } from '../../util/lossless-json.ts';
import type { EventLogLines, LinePlace, LinesReport } from '../bytes/lines.ts';
import { AppState } from './app-state.ts';
import { applicationInfo } from './application.ts';
import { RunDetailBuilder } from './detail/run-detail-builder.ts';
import { SkippedLines } from './detail/skipped-lines.ts';
import { environmentInfo } from './environment.ts';
import { eventHandlers } from './event-handlers.ts';
import type { EventHandlers } from './event-handlers.ts';
import type { RestDialect } from './executor-metrics.ts';
import type { RunHistoryParts } from './history/stage-history.ts';
import { TaskTables } from './history/task-tables.ts';
import { field, isRecord, refuse } from './json-fields.ts';
import { type PackedRun, packRun, type ToldRun } from './packed-run.ts';
import type { ReplayedRun } from './replayed-run.ts';
import { scalaOf } from './scala-order.ts';
import { hasLongNumber } from './scan/long-number.ts';
import { SqlExecutions } from './sql/executions.ts';
import { stageKey } from './stage-info.ts';
import { TaskEvents } from './task-events.ts';

export type { ReplayedRun } from './replayed-run.ts';

export interface ReplayOptions {
  /** Which server's answers to give; 4.0 unless told. */
  readonly dialect?: RestDialect | undefined;
  /**
   * When the log was last changed, in milliseconds since 1970.
   *
   * It becomes `lastUpdated`, which no event tells, and what running executions count up to.
   */
  readonly lastUpdated?: number | undefined;
  /** Whether Spark's compactor dropped finished jobs from the log. */
  readonly compacted?: boolean | undefined;
  /** Keeps every task attempt, for a History Server; costs memory and time. */
  readonly history?: boolean | undefined;
  /** Where the line stands that is being pushed, to report lines that are no event; counted from 1 when not given. */
  readonly place?: (() => LinePlace) | undefined;
}

export type LogReplayOptions = Omit<ReplayOptions, 'place' | 'compacted'> & {
  readonly signal?: AbortSignal | undefined;
};

/**
 * Replays a log from its first to its last line.
 *
 * @throws EventLogError as {@link EventLogLines.forEach} does; a line that is no event is only counted
 */
export async function replayEventLog(lines: EventLogLines, options: LogReplayOptions = {}): Promise<ReplayedRun> {
  return (await replayed(lines, options)).finish();
}

/** The same as {@link replayEventLog}, for another thread. */
export async function packEventLog(lines: EventLogLines, options: LogReplayOptions = {}): Promise<PackedRun> {
  return (await replayed(lines, options)).pack();
}

async function replayed(lines: EventLogLines, options: LogReplayOptions): Promise<LogReplay> {
  const replay = new LogReplay({ ...options, compacted: lines.compacted, place: () => lines.place() });
  const report = await lines.forEach(
    (bytes, start, end) => {
      replay.line(bytes, start, end);
    },
    { signal: options.signal },
  );
  for (const place of skippedBy(report)) replay.skip(place, place.reason);
  return replay;
}

/** A line that is left out, and why. */
export interface SkippedPlace extends LinePlace {
  readonly reason: string;
}

/** The lines that a reading could not hand over. */
export function skippedBy({ tooLong, torn }: LinesReport): readonly SkippedPlace[] {
  return [...tooLong.map((place) => ({ ...place, reason: 'the line is too long' })), ...torn];
}

/** What is true at the moment of an answer, and may no longer be at the next. */
export interface FinishOptions {
  /** Instead of {@link ReplayOptions.lastUpdated}. */
  readonly lastUpdated?: number | undefined;
  /** Lines that are not whole yet: reported with this answer alone. */
  readonly unfinished?: readonly SkippedPlace[] | undefined;
}

/**
 * Replays the events of one log, line by line.
 *
 * {@link finish} changes nothing: it may be called while the log still grows, and lines may follow.
 */
export class LogReplay {
  readonly #dialect: RestDialect;
  readonly #options: ReplayOptions;
  readonly #detail = new RunDetailBuilder();
  readonly #tables: TaskTables | undefined;
  readonly #state: AppState;
  readonly #sql: SqlExecutions;
  readonly #tasks: TaskEvents;
  readonly #handlers: EventHandlers;
  readonly #skipped = new SkippedLines();
  #lines = 0;
  #events = 0;

  constructor(options: ReplayOptions = {}) {
    this.#options = options;
    this.#dialect = options.dialect ?? '4.0';
    this.#tables = options.history === true ? new TaskTables() : undefined;
    this.#state = new AppState({
      dialect: this.#dialect,
      onClose: (key) => {
        this.#detail.stageClosed(key);
      },
      keepSummaries: options.history === true,
    });
    this.#sql = new SqlExecutions(this.#dialect);
    this.#tasks = new TaskEvents(this.#state, this.#sql, this.#detail, this.#tables);
    this.#handlers = eventHandlers(this.#state, this.#sql, this.#detail, this.#tasks);
  }

  /** Takes one line, without its newline. One that is no event is skipped, counted and reported. */
  line(bytes: Buffer, start: number, end: number): void {
    this.#lines++;
    try {
      if (!this.#tasks.scan(bytes, start, end)) this.#event(parse(bytes, start, end));
      this.#events++;
    } catch (error) {
      this.skip(this.#options.place?.() ?? { file: 'line', line: this.#lines }, toError(error).message);
    }
  }

  /** Reports a line that could not even be handed over. */
  skip(place: LinePlace, reason: string): void {
    this.#skipped.add(`${place.file}:${place.line}`, reason);
  }

  /** What the lines so far tell. */
  finish(options: FinishOptions = {}): ReplayedRun {
    const { head, detail, stages, jobs, sql } = this.#tell(options);
    return {
      ...head,
      stages: [...stages],
      jobs: [...jobs],
      sql: [...sql],
      detail: { ...detail.head, jobs: [...detail.jobs], stages: [...detail.stages], sql: [...detail.sql] },
    };
  }

  /** The same in a small form, for another thread: {@link unpackRun} gives it back. Never is all of it there as objects. */
  pack(options: FinishOptions = {}): PackedRun {
    return packRun(this.#tell(options));
  }

  #tell({ lastUpdated: asked, unfinished = [] }: FinishOptions): ToldRun {
    const { start, end, environment, profiles, sparkVersion } = this.#state;
    const lastUpdated = asked ?? this.#options.lastUpdated ?? end ?? 0;
    const skipped = this.#skipped.with(unfinished.map(({ file, line, reason }) => [`${file}:${line}`, reason]));
    const driverMs = start === undefined ? undefined : (end ?? lastUpdated) - start.time;
    return {
      head: {
        application: start === undefined ? undefined : applicationInfo(start, end, sparkVersion, lastUpdated),
        environment: environment === undefined ? undefined : environmentInfo(environment, [...profiles.values()]),
        allexecutors: this.#state.executors.rows().map((executor) => executor.toRest(this.#dialect, driverMs)),
        storageRdd: this.#state.storage.rows(scalaOf(this.#dialect)),
        ...(this.#tables === undefined ? {} : { history: this.#history(this.#tables, lastUpdated) }),
      },
      stages: this.#state.stages.rows().map(({ row }) => row),
      jobs: this.#state.jobs.rows(),
      sql: this.#sql.rows(lastUpdated),
      detail: this.#detail.build(this.#state, this.#sql, this.#events, skipped, this.#options.compacted ?? false),
    };
  }

  #history(tables: TaskTables, now: number): RunHistoryParts {
    const stages = this.#state.stages.rows().map(({ row: { stageId, attemptId }, summaries }) => ({
      stageId,
      attemptId,
      tasks: tables.build(stageKey(stageId, attemptId), now),
      executors: summaries?.executors(this.#dialect) ?? {},
      speculation: summaries?.speculation(),
    }));
    return {
      dialect: this.#dialect,
      stages,
      rdds: this.#state.storage.allRows(scalaOf(this.#dialect)),
      processes: this.#state.processes.rows(),
    };
  }

  #event(event: unknown): void {
    if (!isRecord(event)) refuse('the line is no object');
    const name = field(event, 'Event');
    if (typeof name !== 'string') refuse('the line names no event');
    this.#handlers.get(name)?.(event);
  }
}

function parse(bytes: Buffer, start: number, end: number): unknown {
  const text = bytes.toString('utf8', start, end);
  return hasLongNumber(bytes, start, end) ? parseJson(text) : JSON.parse(text);
}

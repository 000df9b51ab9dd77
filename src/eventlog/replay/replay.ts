import type {
  ApplicationEnvironmentInfo,
  ApplicationInfo,
  ExecutorSummary,
  JobData,
  StageData,
} from '../../spark/rest.ts';
import { parseJson } from '../../util/lossless-json.ts';
import { toError } from '../../util/errors.ts';
import { AppState } from './app-state.ts';
import { applicationInfo } from './application.ts';
import { environmentInfo } from './environment.ts';
import type { RestDialect } from './executor-metrics.ts';
import { readJobStart } from './job-info.ts';
import type { JsonRecord } from './json-fields.ts';
import { intField, isRecord, optionalRecord, recordField, refuse, textField, textMap } from './json-fields.ts';
import { readStageInfo, stageKey } from './stage-info.ts';
import type { RddStorageInfo } from './storage.ts';
import { readTaskEnd, readTaskStart, TaskRecord } from './task-record.ts';
import { TextPool } from './text-pool.ts';

export interface ReplayOptions {
  /** Which server's answers to give. */
  readonly dialect?: RestDialect;
  /** When the log was last changed, in milliseconds since 1970: it becomes `lastUpdated`, which no event tells. */
  readonly lastUpdated?: number;
}

/** A run as the History Server would tell it. */
export interface ReplayedRun {
  /** This attempt alone; `undefined` where the log does not even name its application. */
  readonly application: ApplicationInfo | undefined;
  /** `undefined` where the log ends before the environment is told. */
  readonly environment: ApplicationEnvironmentInfo | undefined;
  readonly allexecutors: readonly ExecutorSummary[];
  readonly stages: readonly StageData[];
  readonly jobs: readonly JobData[];
  readonly storageRdd: readonly RddStorageInfo[];
}

/**
 * Replays the events of one log.
 *
 * Lines are pushed in order; {@link finish} may be called at any time, also between lines of a log that still grows.
 */
export class LogReplay {
  readonly #dialect: RestDialect;
  readonly #lastUpdated: number;
  readonly #state = new AppState();
  readonly #task = new TaskRecord();
  readonly #texts = new TextPool();
  readonly #intern = (text: string): string => this.#texts.intern(text);
  readonly #handlers = this.#makeHandlers();
  readonly #started = new Set<number>();
  events = 0;
  skipped: string[] = [];

  constructor(options: ReplayOptions = {}) {
    this.#dialect = options.dialect ?? '4.0';
    this.#lastUpdated = options.lastUpdated ?? 0;
  }

  /** Takes one line, without its newline. A line that is no event is skipped and counted. */
  line(bytes: Buffer, start: number, end: number): void {
    try {
      this.#event(parseJson(bytes.toString('utf8', start, end)));
      this.events++;
    } catch (error) {
      this.skipped.push(toError(error).message);
    }
  }

  finish(): ReplayedRun {
    const { start, end, environment, profiles } = this.#state;
    const driverMs = start === undefined || end === undefined ? undefined : end - start.time;
    return {
      application:
        start === undefined ? undefined : applicationInfo(start, end, this.#state.sparkVersion, this.#lastUpdated),
      environment: environment === undefined ? undefined : environmentInfo(environment, [...profiles.values()]),
      allexecutors: this.#state.executors.rows().map((executor) => executor.toRest(this.#dialect, driverMs)),
      stages: this.#state.stages.rows().map((stage) => stage.toRest(this.#dialect)),
      jobs: this.#state.jobs.rows(),
      storageRdd: this.#state.storage.rows(),
    };
  }

  #event(event: unknown): void {
    if (!isRecord(event)) refuse('the line is no object');
    this.#handlers.get(textField(event, 'Event'))?.(event);
  }

  #makeHandlers(): ReadonlyMap<string, (event: JsonRecord) => void> {
    const state = this.#state;
    const core: Record<string, (event: JsonRecord) => void> = {
      LogStart: (event) => {
        state.logStart(event);
      },
      ApplicationStart: (event) => {
        state.applicationStart(event);
      },
      ApplicationEnd: (event) => {
        state.applicationEnd(event);
      },
      EnvironmentUpdate: (event) => {
        state.environmentUpdate(event);
      },
      ResourceProfileAdded: (event) => {
        state.resourceProfileAdded(event);
      },
      ExecutorAdded: (event) => {
        state.executorAdded(event);
      },
      ExecutorRemoved: (event) => {
        state.executorRemoved(event);
      },
      BlockManagerAdded: (event) => {
        state.blockManagerAdded(event);
      },
      BlockUpdated: (event) => {
        state.storage.update(recordField(event, 'Block Updated Info'));
      },
      UnpersistRDD: (event) => {
        state.storage.unpersist(intField(event, 'RDD ID'));
      },
      JobStart: (event) => {
        state.jobStart(readJobStart(event, this.#intern).info);
      },
      JobEnd: (event) => {
        state.jobEnd(event);
      },
      StageSubmitted: (event) => {
        const info = readStageInfo(recordField(event, 'Stage Info'), this.#intern);
        state.stageSubmitted(info, textMap(optionalRecord(event, 'Properties')));
      },
      StageCompleted: (event) => {
        state.stageCompleted(readStageInfo(recordField(event, 'Stage Info'), this.#intern));
      },
      TaskStart: (event) => {
        readTaskStart(event, this.#task);
        this.#started.add(this.#task.taskId);
        state.taskStart(this.#task, stageKey(this.#task.stageId, this.#task.attemptId));
      },
      TaskEnd: (event) => {
        readTaskEnd(event, this.#task, false);
        const key = stageKey(this.#task.stageId, this.#task.attemptId);
        state.taskEnd(this.#task, key, this.#started.delete(this.#task.taskId));
      },
      StageExecutorMetrics: (event) => {
        state.stageExecutorMetrics(event);
      },
      ExecutorMetricsUpdate: (event) => {
        state.executorMetricsUpdate(event);
      },
    };
    const scheduler: Record<string, (event: JsonRecord) => void> = {};
    for (const word of ['Excluded', 'Blacklisted']) {
      const undo = word === 'Excluded' ? 'Unexcluded' : 'Unblacklisted';
      scheduler[`Executor${word}`] = (event) => {
        state.excludeExecutor(event, true);
      };
      scheduler[`Executor${undo}`] = (event) => {
        state.excludeExecutor(event, false);
      };
      scheduler[`Node${word}`] = (event) => {
        state.excludeNode(event, true);
      };
      scheduler[`Node${undo}`] = (event) => {
        state.excludeNode(event, false);
      };
      scheduler[`Executor${word}ForStage`] = scheduler[`Node${word}ForStage`] = (event) => {
        state.excludeForStage(event);
      };
    }
    return new Map([
      ...Object.entries(core).map(([name, handle]) => [`SparkListener${name}`, handle] as const),
      ...Object.entries(scheduler).map(
        ([name, handle]) => [`org.apache.spark.scheduler.SparkListener${name}`, handle] as const,
      ),
    ]);
  }
}

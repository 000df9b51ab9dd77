import type { AttemptParts, RunSource, RunWindow } from '../../src/sources/run-source.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../../src/spark/rest.ts';
import { SourceError } from '../../src/util/errors.ts';

export const START = Date.parse('2026-11-20T00:00:00Z');

function restTime(epoch: number): string {
  return new Date(epoch).toISOString().replace('Z', 'GMT');
}

export interface AttemptSketch {
  readonly attemptId?: string;
  /** Seconds after {@link START}; undefined while it runs. */
  readonly endsAt?: number | undefined;
  readonly lastUpdatedAt?: number;
  readonly startsAt?: number;
}

/** An attempt as the server lists it, from a few words. */
export function attemptOf(sketch: AttemptSketch): ApplicationAttemptInfo {
  const { attemptId, endsAt, startsAt = (endsAt ?? 100) - 100, lastUpdatedAt = endsAt ?? 0 } = sketch;
  const [start, end, updated] = [
    START + startsAt * 1000,
    endsAt === undefined ? -1 : START + endsAt * 1000,
    START + lastUpdatedAt * 1000,
  ];
  return {
    ...(attemptId === undefined ? {} : { attemptId }),
    startTime: restTime(start),
    endTime: restTime(end),
    lastUpdated: restTime(updated),
    duration: endsAt === undefined ? 0 : end - start,
    sparkUser: 'alice',
    completed: endsAt !== undefined,
    appSparkVersion: '4.0.1',
    startTimeEpoch: start,
    endTimeEpoch: end,
    lastUpdatedEpoch: updated,
  };
}

export function applicationOf(id: string, ...attempts: readonly AttemptSketch[]): ApplicationInfo {
  return { id, name: `name of ${id}`, attempts: attempts.map(attemptOf) };
}

const NOTHING: AttemptParts = { allexecutors: [], stages: [], environment: { runtime: {}, sparkProperties: [] } };

/** A source in memory whose list and faults a test sets as it likes. It counts what it is asked. */
export class MemorySource implements RunSource {
  readonly cluster: string;
  readonly host = 'localhost';
  readonly description = 'a list in memory';
  tellsProgress = false;
  applications: readonly ApplicationInfo[] = [];
  listings: RunWindow[] = [];
  fetched: string[] = [];
  /** Throws for what it does not like; called before each answer. */
  onCall: (call: 'list' | 'fetch', appId: string) => void = () => undefined;
  parts: (appId: string) => AttemptParts = () => NOTHING;

  constructor(cluster = 'default') {
    this.cluster = cluster;
  }

  async *listApplications(window: RunWindow): AsyncIterable<ApplicationInfo> {
    this.listings.push(window);
    this.onCall('list', '');
    for (const application of this.applications) {
      const isInWindow = application.attempts.some(
        (attempt) => !attempt.completed || attempt.endTimeEpoch >= (window.endedAfter?.getTime() ?? -Infinity),
      );
      if (isInWindow) yield await Promise.resolve(application);
    }
  }

  async fetchAttempt(application: ApplicationInfo, attempt: ApplicationAttemptInfo): Promise<AttemptParts> {
    this.fetched.push(attempt.attemptId === undefined ? application.id : `${application.id}/${attempt.attemptId}`);
    this.onCall('fetch', application.id);
    return await Promise.resolve(this.parts(application.id));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

export function sourceFault(code: string, retryable = true): SourceError {
  return new SourceError(code, 'a fault made by the test', { retryable });
}

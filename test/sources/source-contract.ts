import { expect } from 'chai';
import type { RunSource } from '../../src/sources/run-source.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../../src/spark/rest.ts';
import { SourceError } from '../../src/util/errors.ts';

/** What a source must tell of one attempt; known from outside the source: recorded, or from the program that made the log. */
export interface ExpectedRun {
  readonly appId: string;
  readonly attemptId?: string;
  readonly completed: boolean;
  readonly startTimeEpoch: number;
  /** -1 while the attempt has no end. */
  readonly endTimeEpoch: number;
  /** `driver` and the executors, in any order. */
  readonly executorIds: readonly string[];
  /** `stageId.attemptId`, in any order. */
  readonly stages: readonly string[];
  /** Some Spark properties among all that it has. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface OpenedSource {
  readonly source: RunSource;
  /** Every attempt the source has. At least one completed application. */
  readonly runs: readonly ExpectedRun[];
  readonly close: () => Promise<void>;
}

const REST_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}GMT$/;

/** The promises of {@link RunSource}, held against every adapter. */
export function describeSourceContract(name: string, open: () => Promise<OpenedSource>): void {
  describe(`${name}: what every source promises`, () => {
    let opened: OpenedSource;
    let source: RunSource;
    before(async function () {
      this.timeout(60_000);
      opened = await open();
      source = opened.source;
    });
    after(async () => {
      await source[Symbol.asyncDispose]();
      await opened.close();
    });

    /** A completed application all of whose attempts have an end. */
    const completed = (): { readonly appId: string; readonly ends: readonly number[] } => {
      const run = opened.runs.find((candidate) => candidate.completed)!;
      return {
        appId: run.appId,
        ends: opened.runs.filter(({ appId }) => appId === run.appId).map(({ endTimeEpoch }) => endTimeEpoch),
      };
    };
    const list = (window: { endedAfter?: Date; endedBefore?: Date } = {}): Promise<ApplicationInfo[]> =>
      Array.fromAsync(source.listApplications(window));
    const find = async (run: ExpectedRun): Promise<[ApplicationInfo, ApplicationAttemptInfo]> => {
      const application = (await list()).find(({ id }) => id === run.appId);
      const attempt = application?.attempts.find(({ attemptId }) => attemptId === run.attemptId);
      if (application === undefined || attempt === undefined) throw new Error(`${run.appId} is not listed`);
      return [application, attempt];
    };

    it('names its cluster and its host, and describes itself', () => {
      expect(source.cluster).to.not.be.empty;
      expect(source.host).to.match(/^[^:/]*$|^[\da-f:]+$/i);
      expect(source.description).to.not.be.empty;
    });

    it('lists each attempt once when the window is open, with its times in milliseconds', async () => {
      const listed = (await list()).flatMap(({ id, attempts }) =>
        attempts.map((attempt) => [
          id,
          attempt.attemptId,
          attempt.completed,
          attempt.startTimeEpoch,
          attempt.endTimeEpoch,
        ]),
      );

      const expected = opened.runs.map((run) => [
        run.appId,
        run.attemptId,
        run.completed,
        run.startTimeEpoch,
        run.endTimeEpoch,
      ]);
      expect(listed).to.have.deep.members(expected);
    });

    it('gives times in the form of the server, in agreement with their milliseconds', async () => {
      for (const attempt of (await list()).flatMap(({ attempts }) => attempts)) {
        expect(attempt.startTime).to.match(REST_TIME);
        expect(attempt.lastUpdated).to.match(REST_TIME);
        expect(Date.parse(attempt.startTime.replace('GMT', 'Z'))).to.equal(attempt.startTimeEpoch);
        expect(Date.parse(attempt.endTime.replace('GMT', 'Z'))).to.equal(attempt.endTimeEpoch);
      }
    });

    it('lists the attempts of an application newest start first', async () => {
      for (const { attempts } of await list()) {
        const starts = attempts.map(({ startTimeEpoch }) => startTimeEpoch);
        expect(starts).to.deep.equal(starts.toSorted((left, right) => right - left));
      }
    });

    it('takes both ends of a window in, at one millisecond', async () => {
      const { appId, ends } = completed();
      const [first, last] = [Math.min(...ends), Math.max(...ends)];
      const ids = async (from: number, to?: number): Promise<string[]> =>
        (await list({ endedAfter: new Date(from), ...(to === undefined ? {} : { endedBefore: new Date(to) }) })).map(
          ({ id }) => id,
        );

      expect(await ids(last)).to.include(appId);
      expect(await ids(last + 1)).to.not.include(appId);
      expect(await ids(first, first)).to.include(appId);
      expect(await ids(first - 1000, first - 1)).to.not.include(appId);
    });

    it('lists applications without an end in every window', async () => {
      const running = opened.runs.filter(
        (run) => !run.completed && !opened.runs.some(({ appId, completed }) => completed && appId === run.appId),
      );

      for (const window of [
        {},
        { endedAfter: new Date(4e12) },
        { endedAfter: new Date(0), endedBefore: new Date(1000) },
      ]) {
        const ids = (await list(window)).map(({ id }) => id);
        expect(ids).to.include.members(running.map(({ appId }) => appId));
        expect(new Set(ids).size).to.equal(ids.length);
      }
    });

    it('fetches the executors with the driver, the stages and the environment of each attempt', async function () {
      this.timeout(60_000);
      for (const run of opened.runs) {
        const { allexecutors, stages, environment } = await source.fetchAttempt(...(await find(run)));

        expect(allexecutors.map(({ id }) => id)).to.have.members(run.executorIds);
        expect(stages.map(({ stageId, attemptId }) => `${stageId}.${attemptId}`)).to.have.members(run.stages);
        const properties = Object.fromEntries(environment.sparkProperties);
        expect(properties).to.include(run.properties);
      }
    });

    // Of a completed one: without an end, the server counts durations up to now.
    it('answers the same question the same way twice, also at once', async () => {
      const [application, attempt] = await find(opened.runs.find(({ completed }) => completed)!);

      const [first, second] = await Promise.all([
        source.fetchAttempt(application, attempt),
        source.fetchAttempt(application, attempt),
      ]);

      expect(first.stages).to.deep.equal(second.stages);
      expect(first.allexecutors).to.deep.equal(second.allexecutors);
      expect(first.environment).to.deep.equal(second.environment);
    });

    it('says SOURCE_RUN_VANISHED of an attempt that is not there', async () => {
      const [application, attempt] = await find(opened.runs[0]!);

      const error = await rejection(source.fetchAttempt({ ...application, id: 'application_1_9999' }, attempt));

      expect(error).to.be.instanceOf(SourceError).with.property('code', 'SOURCE_RUN_VANISHED');
    });

    it('rejects with the reason of a signal that is aborted', async () => {
      const [application, attempt] = await find(opened.runs[0]!);
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);

      expect(await rejection(Array.fromAsync(source.listApplications({}, { signal })))).to.equal(reason);
      expect(await rejection(source.fetchAttempt(application, attempt, { signal }))).to.equal(reason);
    });
  });
}

/** What the promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}

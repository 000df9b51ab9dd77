import { expect } from 'chai';
import { parseJson } from '../../../src/util/lossless-json.ts';
import { openHistoryServer } from '../../support/history-server-fixture.ts';
import { describeSourceContract, rejection, type ExpectedRun } from '../source-contract.ts';

/** Base address of a real server with any applications, at least one of them completed. */
const url = process.env['SPOT_TEST_HISTORY_URL'] ?? '';

if (url === '') {
  describe('sources/history-server on a real server', () => {
    it('needs SPOT_TEST_HISTORY_URL', function () {
      if (process.env['CI'] !== undefined) throw new Error('SPOT_TEST_HISTORY_URL is not set');
      console.log('      skipped: SPOT_TEST_HISTORY_URL is not set');
      this.skip();
    });
  });
} else {
  const api = `${url.replace(/\/(api\/v1\/?)?$/, '')}/api/v1`;

  describeSourceContract('sources/history-server on a real server', async () => ({
    source: openHistoryServer(url).source,
    runs: await readRuns(api),
    close: () => Promise.resolve(),
  }));

  describe('sources/history-server on a real server', function () {
    this.timeout(60_000);

    it('gives every answer as the server gives it', async () => {
      await using source = openHistoryServer(url).source;

      for await (const application of source.listApplications({})) {
        // Without an end, Spark counts durations up to now: no two answers are equal.
        for (const attempt of application.attempts.filter(({ completed }) => completed)) {
          const parts = await source.fetchAttempt(application, attempt);
          const base = `${api}/applications/${[application.id, attempt.attemptId ?? []].flat().join('/')}`;

          expect(parts.allexecutors).to.deep.equal(await ask(`${base}/allexecutors`));
          expect(parts.stages).to.deep.equal(await ask(`${base}/stages`));
          expect(parts.environment).to.deep.equal(await ask(`${base}/environment`));
        }
      }
    });

    it('finds an application by its end to the millisecond, which the server grants one form of date only', async () => {
      await using source = openHistoryServer(url).source;
      const [run] = (await readRuns(api)).filter(({ completed }) => completed);
      const end = new Date(run!.endTimeEpoch);
      const ids = async (query: string): Promise<string[]> =>
        ((await ask(`${api}/applications?${query}`)) as { id: string }[]).map(({ id }) => id);

      const found = await Array.fromAsync(source.listApplications({ endedAfter: end, endedBefore: end }));

      expect(found.map(({ id }) => id)).to.include(run!.appId);
      // The negative control: JavaScript's own form is taken for midnight of that day, and the run is not found.
      expect(await ids(`maxEndDate=${end.toISOString()}`)).to.not.include(run!.appId);
      expect(await ids(`maxEndDate=${end.toISOString().replace('Z', 'GMT')}`)).to.include(run!.appId);
    });

    it('says of a wrong path that it is no API: the server answers its start page with status 200', async () => {
      await using source = openHistoryServer(api.replace('/api/v1', '/spark')).source;

      const error = await rejection(Array.fromAsync(source.listApplications({})));

      expect(error).to.include({ code: 'SOURCE_NOT_JSON' });
      expect(error).to.have.property('message').that.contains('/api/v1');
    });
  });
}

/** What the server has, asked without Spot's client. */
async function readRuns(base: string): Promise<ExpectedRun[]> {
  const applications = (await ask(`${base}/applications?minEndDate=1960-01-01&minDate=1960-01-01`)) as {
    id: string;
    attempts: { attemptId?: string; completed: boolean; startTimeEpoch: number; endTimeEpoch: number }[];
  }[];
  const runs: ExpectedRun[] = [];
  for (const { id, attempts } of applications) {
    for (const { attemptId, completed, startTimeEpoch, endTimeEpoch } of attempts) {
      const run = `${base}/applications/${id}${attemptId === undefined ? '' : `/${attemptId}`}`;
      const executors = (await ask(`${run}/allexecutors`)) as { id: string }[];
      const stages = (await ask(`${run}/stages`)) as { stageId: number; attemptId: number }[];
      runs.push({
        appId: id,
        ...(attemptId === undefined ? {} : { attemptId }),
        completed,
        startTimeEpoch,
        endTimeEpoch,
        executorIds: executors.map((executor) => executor.id),
        stages: stages.map((stage) => `${stage.stageId}.${stage.attemptId}`),
        properties: { 'spark.app.id': id },
      });
    }
  }
  return runs;
}

async function ask(address: string): Promise<unknown> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  return parseJson(await response.text());
}

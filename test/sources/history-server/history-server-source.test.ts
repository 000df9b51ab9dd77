import { expect } from 'chai';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../../../src/spark/rest.ts';
import { FakeHistoryServer, recordedRun, sendJson } from '../../support/fake-history-server.ts';
import { openHistoryServer, startWithWordCount } from '../../support/history-server-fixture.ts';
import { describeSourceContract, rejection, type ExpectedRun } from '../source-contract.ts';

const wordCount = recordedRun('smoke-wordcount');
const noJobs = recordedRun('no-jobs-local');

/** Read off the recorded files by eye. */
const WORD_COUNT: ExpectedRun = {
  appId: 'app-20261121080408-0000',
  completed: true,
  startTimeEpoch: 1795248246819,
  endTimeEpoch: 1795248263095,
  executorIds: ['driver', '0', '1'],
  stages: ['0.0', '1.0', '2.0'],
  properties: { 'spark.app.name': 'smoke-wordcount', 'spark.driver.host': '192.0.2.2' },
};
const NO_JOBS: ExpectedRun = {
  appId: 'local-1795249103092',
  completed: true,
  startTimeEpoch: 1795249097523,
  endTimeEpoch: 1795249110366,
  executorIds: ['driver'],
  stages: [],
  properties: { 'spark.app.name': 'no jobs at all' },
};

/** What the server lists for an attempt that has no end (measured: its own clock as lastUpdated, 0 as duration). */
const WITHOUT_END = { endTime: '1969-12-31T23:59:59.999GMT', endTimeEpoch: -1, duration: 0, completed: false };

const attempt = wordCount.application.attempts[0]!;
const running: ApplicationInfo = {
  ...wordCount.application,
  id: 'app-running',
  attempts: [{ ...attempt, ...WITHOUT_END }],
};
const later: ApplicationAttemptInfo = {
  ...attempt,
  attemptId: '2',
  startTime: '2026-11-21T08:05:06.819GMT',
  startTimeEpoch: 1795248306819,
  endTime: '2026-11-21T08:05:23.095GMT',
  endTimeEpoch: 1795248323095,
};
const twice: ApplicationInfo = {
  ...wordCount.application,
  id: 'application_1_0001',
  attempts: [later, { ...attempt, attemptId: '1' }],
};

describeSourceContract('sources/history-server on recorded answers', async () => {
  const server = await FakeHistoryServer.start();
  server.put(wordCount.application, wordCount.answers);
  server.put(noJobs.application, noJobs.answers);
  server.put(running, wordCount.answers);
  server.put(twice, wordCount.answers);
  const { source } = openHistoryServer(server.url);
  return {
    source,
    runs: [
      WORD_COUNT,
      NO_JOBS,
      { ...WORD_COUNT, appId: 'app-running', completed: false, endTimeEpoch: -1 },
      { ...WORD_COUNT, appId: 'application_1_0001', attemptId: '1' },
      {
        ...WORD_COUNT,
        appId: 'application_1_0001',
        attemptId: '2',
        startTimeEpoch: later.startTimeEpoch,
        endTimeEpoch: later.endTimeEpoch,
      },
    ],
    close: () => server[Symbol.asyncDispose](),
  };
});

describe('sources/history-server/history-server-source', () => {
  let server: FakeHistoryServer;
  beforeEach(async () => {
    server = await startWithWordCount();
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const paths = (): string[] => server.requests.map(({ path }) => path);

  it('asks for a window that is open with one request, without limit and without status', async () => {
    await using opened = openHistoryServer(server.url).source;

    await Array.fromAsync(opened.listApplications({ endedAfter: new Date('2026-11-21T08:04:23.095Z') }));

    expect(paths()).to.deep.equal([
      '/api/v1/applications?minDate=1960-01-01T00:00:00.000GMT&minEndDate=2026-11-21T08:04:23.095GMT',
    ]);
  });

  it('asks for everything since 1960, for the server hides what is older than 2010 otherwise', async () => {
    await using opened = openHistoryServer(server.url).source;
    const early = {
      ...attempt,
      startTime: '1970-01-01T00:00:00.000GMT',
      startTimeEpoch: 0,
      endTime: '1969-12-31T23:59:59.999GMT',
      endTimeEpoch: -1,
    };
    server.put({ ...wordCount.application, id: 'app-1970', attempts: [early] }, wordCount.answers);

    const listed = await Array.fromAsync(opened.listApplications({}));

    expect(listed.map(({ id }) => id)).to.include('app-1970');
  });

  it('asks for the running ones apart when the window has an end, first, and tells no application twice', async () => {
    await using opened = openHistoryServer(server.url).source;
    server.put(running, wordCount.answers);
    const whole = JSON.stringify([running, wordCount.application]);
    server.answerNext((_request, response) => {
      sendJson(response, whole);
    });

    const listed = await Array.fromAsync(opened.listApplications({ endedBefore: new Date('2026-11-21T09:00:00Z') }));

    expect(listed.map(({ id }) => id)).to.deep.equal([wordCount.application.id, 'app-running']);
    expect(paths().map((path) => path.split('&').slice(1))).to.deep.equal([
      ['status=running'],
      ['minEndDate=1960-01-01T00:00:00.000GMT', 'maxEndDate=2026-11-21T09:00:00.000GMT'],
    ]);
  });

  it('asks for executors, stages and environment one after the other', async () => {
    await using opened = openHistoryServer(server.url).source;
    let inFlight = 0;
    let most = 0;
    server.answerAll((request, response) => {
      most = Math.max(most, ++inFlight);
      setTimeout(() => {
        inFlight--;
        server.answer(request, response);
      }, 10);
    });

    await opened.fetchAttempt(wordCount.application, attempt);

    expect(most).to.equal(1);
    expect(paths()).to.deep.equal(
      ['allexecutors', 'stages', 'environment'].map((part) => `/api/v1/applications/app-20261121080408-0000/${part}`),
    );
  });

  it('percent-encodes the ids once, and names the attempt only where the list does', async () => {
    await using opened = openHistoryServer(server.url).source;
    const odd = { ...twice, id: 'app é/ü %41?#' };
    server.put(odd, wordCount.answers);

    await opened.fetchAttempt(odd, later);

    expect(paths()[0]).to.equal('/api/v1/applications/app%20%C3%A9%2F%C3%BC%20%2541%3F%23/2/allexecutors');
  });

  it('gives the recorded answers unchanged', async () => {
    await using opened = openHistoryServer(server.url).source;

    const parts = await opened.fetchAttempt(wordCount.application, attempt);

    expect(parts.allexecutors).to.deep.equal(JSON.parse(wordCount.answers.allexecutors));
    expect(parts.stages).to.deep.equal(JSON.parse(wordCount.answers.stages));
    expect(parts.environment).to.deep.equal(JSON.parse(wordCount.answers.environment));
  });

  it('keeps every digit of a long above 2^53', async () => {
    await using opened = openHistoryServer(server.url).source;
    const stages = wordCount.answers.stages.replace(
      /"executorCpuTime" : \d+/,
      '"executorCpuTime" : 9223372036854775807',
    );
    server.put(wordCount.application, { ...wordCount.answers, stages });

    const parts = await opened.fetchAttempt(wordCount.application, attempt);

    expect(parts.stages[0]!.executorCpuTime).to.equal(9223372036854775807n);
  });

  it('lists nothing of an empty server, without an error', async () => {
    await using opened = openHistoryServer(server.url).source;
    server.remove(wordCount.application.id);

    expect(await Array.fromAsync(opened.listApplications({}))).to.deep.equal([]);
  });

  it('tells the well-formed entries of a list before it says what is wrong with another', async () => {
    await using opened = openHistoryServer(server.url).source;
    const list = [{ ...wordCount.application, id: 7 }, wordCount.application, null, noJobs.application];
    server.answerAll((_request, response) => {
      sendJson(response, JSON.stringify(list));
    });
    const told: string[] = [];

    const error = await rejection(
      (async () => {
        for await (const { id } of opened.listApplications({})) told.push(id);
      })(),
    );

    expect(told).to.deep.equal([wordCount.application.id, noJobs.application.id]);
    expect(error).to.include({ code: 'SOURCE_WRONG_ANSWER', retryable: false });
    expect(error).to.have.property('message').that.contains('applications[0].id is a number, but should be a text');
  });

  it('takes its cluster from the key, else from the section, else it is "default"', () => {
    const cluster = (settings: object, sectionName?: string): string =>
      openHistoryServer(server.url, settings, { sectionName }).source.cluster;

    expect(cluster({ cluster: 'prod-eu' }, 'prod')).to.equal('prod-eu');
    expect(cluster({}, 'prod')).to.equal('prod');
    expect(cluster({}, '')).to.equal('default');
    expect(cluster({})).to.equal('default');
  });
});

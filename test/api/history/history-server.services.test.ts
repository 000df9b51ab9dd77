import { expect } from 'chai';
import { startHistoryServer, type RunningHistoryServer } from '../../../scripts/services/history-server.ts';
import { CORPUS_LOGS } from '../../../scripts/services/test-services.ts';
import type { RestDialect } from '../../../src/eventlog/replay/executor-metrics.ts';
import { describeWithService } from '../../support/describe-with-service.ts';
import { OF_EACH_RUN, OF_EACH_STAGE, QUESTIONS } from './questions.ts';
import { ask, type RestAnswer, serveLogs, type ServedHistory, withoutLastUpdated } from './support.ts';

interface Listed {
  readonly id: string;
  readonly attempts: readonly { readonly attemptId?: string; readonly completed: boolean }[];
}

interface StageKey {
  readonly stageId: number;
  readonly attemptId: number;
}

// Expected values: a real History Server over the same folder, asked in the same run.
describeWithService('SPOT_TEST_HISTORY_URL', 'api/history beside a real 4.0.1 server over the same logs', (url) => {
  describeLikeness('4.0', QUESTIONS, () => url);
});

describeWithService('SPOT_TEST_SPARK_HOME_35', 'api/history beside a real 3.5.7 server over the same logs', () => {
  let real: RunningHistoryServer;
  before(async function () {
    this.timeout(120_000);
    real = await startHistoryServer({ logDir: CORPUS_LOGS, expectApplications: 10, sparkVersion: '3.5.7' });
  });
  after(async () => {
    await real[Symbol.asyncDispose]();
  });

  // Threads of a task came with 4.0.
  const questions = QUESTIONS.filter((path) => !path.includes('/threads?'));
  describeLikeness('3.5', questions, () => real.url);
});

function describeLikeness(dialect: RestDialect, questions: readonly string[], realUrl: () => string): void {
  let served: ServedHistory;
  before(async () => {
    served = await serveLogs([CORPUS_LOGS], { dialect });
  });
  after(async () => {
    await served[Symbol.asyncDispose]();
  });

  const askReal = (path: string): Promise<RestAnswer> => ask(`${realUrl()}/api/v1/${path}`);
  const jsonOfReal = async (path: string): Promise<unknown> => JSON.parse((await askReal(path)).text);

  /** Same status; same JSON, or the same text. Pages that the real server writes in HTML have no text of their own. */
  async function compare(path: string): Promise<void> {
    const [real, ours] = [await askReal(path), await served.ask(path)];

    expect(ours.status, `${path}: ${ours.text.slice(0, 200)}`).to.equal(real.status);
    if (real.status === 200) {
      expect(ours.contentType, path).to.equal(real.contentType);
      expect(withoutLastUpdated(JSON.parse(ours.text)), path).to.deep.equal(withoutLastUpdated(JSON.parse(real.text)));
    } else if (!real.contentType.includes('html')) {
      expect(ours.text, path).to.equal(real.text);
    }
  }

  it(`answers ${questions.length} questions alike, right ones and wrong ones`, async function () {
    this.timeout(120_000);
    for (const path of questions) await compare(path);
  });

  it('answers alike about each of 10 completed attempts and each of their stages', async function () {
    this.timeout(300_000);
    const applications = (await jsonOfReal('applications')) as readonly Listed[];
    const runs = applications
      .filter(({ attempts }) => attempts.every(({ completed }) => completed))
      .flatMap(({ id, attempts }) =>
        attempts.map(({ attemptId }) => `applications/${id}${attemptId === undefined ? '' : `/${attemptId}`}`),
      );

    for (const run of runs) {
      for (const path of OF_EACH_RUN) await compare(run + path);
      for (const { stageId, attemptId } of (await jsonOfReal(`${run}/stages`)) as readonly StageKey[]) {
        for (const path of OF_EACH_STAGE) await compare(`${run}/stages/${stageId}/${attemptId}${path}`);
      }
    }

    expect(runs).to.have.length(10);
  });
}

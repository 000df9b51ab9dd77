import { expect } from 'chai';
import { CORPUS_LOGS } from '../../../scripts/services/test-services.ts';
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

// Expected values: a real History Server of Spark 4.0.1 over the same folder, asked in the same run.
describeWithService('SPOT_TEST_HISTORY_URL', 'api/history beside a real server over the same logs', (realUrl) => {
  let served: ServedHistory;
  before(async () => {
    served = await serveLogs([CORPUS_LOGS]);
  });
  after(async () => {
    await served[Symbol.asyncDispose]();
  });

  const askReal = (path: string): Promise<RestAnswer> => ask(`${realUrl}/api/v1/${path}`);
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

  it(`answers ${QUESTIONS.length} questions alike, right ones and wrong ones`, async function () {
    this.timeout(120_000);
    for (const path of QUESTIONS) await compare(path);
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
});

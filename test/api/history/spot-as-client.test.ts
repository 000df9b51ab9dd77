import { readFixture, readJsonFixture } from '../../eventlog/replay/support.ts';
import { describeSourceContract, type ExpectedRun } from '../../sources/source-contract.ts';
import { openHistoryServer } from '../../support/history-server-fixture.ts';
import { folderWith, removeFolder, serveLogs } from './support.ts';

/** Small logs of the corpus, the killed driver among them. */
const LOGS = ['3.5.7-idle-executors', '4.0.1-failing', '4.0.1-retries', '4.0.1-spill', '4.0.1-crash'] as const;

interface Answers {
  readonly application: {
    readonly id: string;
    readonly attempts: readonly [
      { readonly completed: boolean; readonly startTimeEpoch: number; readonly endTimeEpoch: number },
    ];
  };
  readonly allexecutors: readonly { readonly id: string }[];
  readonly stages: readonly { readonly stageId: number; readonly attemptId: number }[];
}

// What the client must find is what a real History Server of Spark 4.0.1 answered for the same logs.
function expectedRun(name: string): ExpectedRun {
  const { application, allexecutors, stages } = readJsonFixture(`corpus/${name}.server-4.0.1.json.br`) as Answers;
  const [{ completed, startTimeEpoch, endTimeEpoch }] = application.attempts;
  return {
    appId: application.id,
    completed,
    startTimeEpoch,
    endTimeEpoch,
    executorIds: allexecutors.map(({ id }) => id),
    stages: stages.map(({ stageId, attemptId }) => `${stageId}.${attemptId}`),
    properties: { 'spark.app.id': application.id },
  };
}

describeSourceContract("Spot's client of History Servers over spot history", async () => {
  const folder = await folderWith(
    Object.fromEntries(
      LOGS.map((name) => [name === '4.0.1-crash' ? `${name}.inprogress` : name, readFixture(`corpus/${name}.log.br`)]),
    ),
  );
  const served = await serveLogs([folder]);
  return {
    source: openHistoryServer(`${served.url}/api/v1`).source,
    runs: LOGS.map(expectedRun),
    close: async () => {
      await served[Symbol.asyncDispose]();
      await removeFolder(folder);
    },
  };
});

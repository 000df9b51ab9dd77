import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import type { ApplicationInfo } from '../../src/spark/rest.ts';
import { cloneEventLogs } from './clone-event-logs.ts';
import { describeWithService } from './describe-with-service.ts';

describeWithService('SPOT_TEST_SPARK_HOME', 'test/support/clone-event-logs', () => {
  let logDir: string;

  beforeEach(async () => {
    logDir = await mkdtemp(join(tmpdir(), 'spot-clones-'));
  });

  afterEach(async () => {
    await rm(logDir, { recursive: true });
  });

  it('makes 12 applications of one, which a real History Server lists and answers for as the manifest says', async function () {
    this.timeout(120_000);
    const manifest = await cloneEventLogs({
      logDir,
      count: 12,
      attempts: (number) => (number % 5 === 0 ? 2 : 1),
      isUnfinished: (number) => number === 7,
    });
    await using server = await startHistoryServer({ logDir, expectApplications: 12 });

    const applications = (await getJson(`${server.apiUrl}/applications?minEndDate=2025-12-01`)) as ApplicationInfo[];
    const listed = applications.flatMap(({ id, name, attempts }) =>
      attempts.map(({ attemptId, sparkUser, startTimeEpoch, endTimeEpoch }) => ({
        id,
        attemptId,
        name,
        user: sparkUser,
        startTime: startTimeEpoch,
        // The server says -1 for one without an end.
        endTime: endTimeEpoch === -1 ? undefined : endTimeEpoch,
      })),
    );

    expect(listed).to.have.deep.members(
      manifest.map(({ id, attemptId, name, user, startTime, endTime }) => ({
        id,
        attemptId,
        name,
        user,
        startTime: startTime.getTime(),
        endTime: endTime?.getTime(),
      })),
    );
    expect(listed).to.have.length(15);
    // The template ran six jobs of one stage each; Spark's own answer for it is in its corpus.
    const stages = (await getJson(`${server.apiUrl}/applications/${manifest[2]!.id}/stages`)) as unknown[];
    expect(stages).to.have.length(await stagesOfTemplate());
  });

  it('comes back where it was after a crash of the server', async function () {
    this.timeout(120_000);
    await cloneEventLogs({ logDir, count: 2 });
    await using first = await startHistoryServer({ logDir, expectApplications: 2 });
    await first.process.kill();

    await using second = await startHistoryServer({ logDir, expectApplications: 2, port: first.port });

    expect(first.process.isRunning).to.equal(false);
    expect(second.url).to.equal(first.url);
  });
});

/** Stages of the plain log that is cloned, as the shared server over the corpus tells. */
async function stagesOfTemplate(): Promise<number> {
  const url = process.env['SPOT_TEST_HISTORY_URL'] ?? '';
  return ((await getJson(`${url}/api/v1/applications/app-20261121084635-0000/stages`)) as unknown[]).length;
}

async function getJson(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

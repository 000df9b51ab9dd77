import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import { runWorkload } from '../../scripts/spark/run-workload.ts';
import type { ApplicationInfo } from '../../src/spark/rest.ts';
import { describeWithService } from './describe-with-service.ts';

describeWithService('SPOT_TEST_SPARK_HOME', 'scripts/spark/run-workload', () => {
  it('runs a Spark application that fails on purpose, and a History Server shows its failed stage', async function () {
    this.timeout(120_000);
    const logDir = await mkdtemp(join(tmpdir(), 'spot-workload-log-'));
    const id = await runWorkload({ name: 'failing', logDir, scale: 0.25, args: ['--master', 'local[2,2]'] });
    await using server = await startHistoryServer({ logDir, expectApplications: 1 });

    const application = (await (await fetch(`${server.apiUrl}/applications/${id}`)).json()) as ApplicationInfo;
    const stages = (await (await fetch(`${server.apiUrl}/applications/${id}/stages`)).json()) as { status: string }[];
    await rm(logDir, { recursive: true });

    expect(application.name).to.equal('failing');
    expect(application.attempts.map(({ completed }) => completed)).to.deep.equal([true]);
    expect(stages.map(({ status }) => status))
      .to.include('FAILED')
      .and.to.include('COMPLETE');
  });
});

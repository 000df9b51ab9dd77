import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RunAnalysis } from '../../src/app/analyze-run.ts';
import { Spot } from '../../src/app/spot.ts';
import { analysisOf, collectedRuns, runsOf, type CollectedRun } from '../support/collected-runs.ts';
import { LABELLED_LOGS, labelledRuns } from '../support/labelled-corpus.ts';
import { startSpot } from '../support/run-spot.ts';

/** Heuristics that read tasks, plans or the classes of errors, which no History Server's REST API sums up. */
const NEED_THE_LOG = [
  'slow-host',
  'speculation-waste',
  'locality',
  'exploding-join',
  'missed-broadcast',
  'small-files',
];

describe('analysis of runs that a History Server told, with task_quantiles', () => {
  const directory = mkdtempSync(join(tmpdir(), 'spot-through-rest-'));
  const labels = labelledRuns().filter(({ sparkVersion }) => sparkVersion === '4.0');
  let byLog: ReadonlyMap<string, CollectedRun>;
  let byServer: ReadonlyMap<string, CollectedRun>;

  before(async function () {
    this.timeout(180_000);
    byLog = mapOf(await collectedRuns(LABELLED_LOGS));

    const server = startSpot(['history', '--event-log-dir', LABELLED_LOGS, '--port', '0']);
    try {
      let said = '';
      server.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
      server.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
      let url: string | undefined;
      while ((url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]) === undefined) {
        await Promise.race([once(server.stderr, 'data'), once(server.stdout, 'data')]);
      }
      const config = join(directory, 'config.ini');
      writeFileSync(config, `[SPARK_HISTORY]\napi_base_url = ${url}/api/v1\ntask_quantiles = true\n`);
      const environment = { env: {}, now: () => new Date(), random: Math.random };
      await using spot = new Spot({ config, logLevel: 'none', environment });
      const [source] = await spot.openSources();
      if (source === undefined) throw new Error('no source');
      const wanted = new Set(labels.map(({ run }) => run));
      byServer = mapOf(await Array.fromAsync(runsOf(source, (appId) => wanted.has(appId))));
    } finally {
      server.kill();
      await once(server, 'close');
    }
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  for (const { log, run } of labels) {
    it(`finds the same in ${log}, save what needs its log and says so`, async () => {
      const [told, read] = [await analysisOf(of(byServer, run)), await analysisOf(of(byLog, run))];

      expect(told.errors).to.deep.equal([]);
      expect(told.source).to.equal('history-server');
      const unmeasured = told.notMeasurable.map(({ id }) => id);
      expect(unmeasured).to.include.members(NEED_THE_LOG);
      for (const { id, because } of told.notMeasurable) {
        if (NEED_THE_LOG.includes(id)) expect(because, id).to.match(/event log/);
      }
      for (const id of serious(read)) if (!unmeasured.includes(id)) expect(idsOf(told)).to.include(id);
      for (const id of serious(told)) expect(idsOf(read)).to.include(id);
    });
  }
});

function mapOf(runs: readonly CollectedRun[]): ReadonlyMap<string, CollectedRun> {
  return new Map(runs.map((run) => [run.appId, run]));
}

function of(runs: ReadonlyMap<string, CollectedRun>, id: string): CollectedRun {
  const run = runs.get(id);
  if (run === undefined) throw new Error(`${id} was not read`);
  return run;
}

function idsOf({ findings }: RunAnalysis): readonly string[] {
  return findings.map(({ id }) => id);
}

function serious({ findings }: RunAnalysis): readonly string[] {
  return findings.filter(({ severity }) => severity !== 'low').map(({ id }) => id);
}

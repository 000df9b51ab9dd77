import { expect } from 'chai';
import type { RunAnalysis } from '../../src/app/analyze-run.ts';
import { analysisOf, type CollectedRun } from '../support/collected-runs.ts';

/** The same run read from its log, and as a History Server that was not asked for quantiles tells it. */
export interface ToldBothWays {
  readonly byLog: RunAnalysis;
  readonly byServer: RunAnalysis;
}

export async function toldBothWays(run: CollectedRun): Promise<ToldBothWays> {
  return { byLog: await analysisOf(run), byServer: await analysisOf(run, { detail: undefined }) };
}

/** Moderate findings and above are the same, save of heuristics that say to be not measurable, and why. */
export function expectSameFindings(name: string, { byLog, byServer }: ToldBothWays): void {
  expect(byServer.errors, name).to.deep.equal([]);
  expect(byServer.source, name).to.equal('history-server');
  const unmeasured = new Set(byServer.notMeasurable.map(({ id }) => id));
  for (const { id, because } of byServer.notMeasurable) expect(because, `${name} ${id}`).not.to.equal('');
  // A saving that is bounded by sums and not by tasks may move a severity by a step: found is what counts.
  for (const id of serious(byLog)) {
    if (!unmeasured.has(id)) expect(idsOf(byServer), `${name} by log`).to.include(id);
  }
  for (const id of serious(byServer)) expect(idsOf(byLog), `${name} by server`).to.include(id);
}

export function idsOf({ findings }: RunAnalysis): readonly string[] {
  return findings.map(({ id }) => id);
}

export function serious({ findings }: RunAnalysis): readonly string[] {
  return findings.filter(({ severity }) => severity !== 'low').map(({ id }) => id);
}

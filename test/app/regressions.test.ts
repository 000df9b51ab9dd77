import { expect } from 'chai';
import { findRegressions, seriesNames } from '../../src/app/regressions.ts';
import { refreshSeries } from '../../src/app/refresh-series.ts';
import { eventId, seriesPrefix, tagPrefix, type SlowRun } from '../../src/series/kept.ts';
import type { Store } from '../../src/store/store.ts';
import { RUN_END, type RunSketch } from '../support/aggregate-run.ts';
import { addRuns, storeWith } from '../support/memory-runs.ts';

const NOW = new Date(RUN_END + 100 * 86_400_000);
const NAME = { cluster: 'default', tag: 'nightly' };
const NEVER = new AbortController().signal;

const runs = (count: number, durationMs: number): RunSketch[] =>
  Array.from({ length: count }, () => ({ durationMs, parallelMs: durationMs * 0.8, coreMs: durationMs * 4 }));

/** Twice as long, because twice the data was shuffled by the same stages. */
const DOUBLED: RunSketch = {
  durationMs: 180_000,
  parallelMs: 160_000,
  coreMs: 720_000,
  shuffleReadBytes: 1_000_000,
  executorRunTime: 200_000,
  executorCpuTimeMs: 160_000,
};

async function keptIds(store: Store): Promise<string[]> {
  return (await Array.fromAsync(store.findKept('regression'))).map(({ id }) => id);
}

describe('app/refresh-series', () => {
  it('keeps a slow run with what was expected of it, the run to compare with, and why', async () => {
    await using store = await storeWith([...runs(10, 100_000), DOUBLED]);

    const refreshed = await refreshSeries(store, NAME, { now: NOW });
    const [event, ...others] = await findRegressions(store, { tag: 'nightly' });

    expect(others).to.deep.equal([]);
    expect(event).to.deep.include({ type: 'run', run: 'app-10', durationMs: 180_000, expectedMs: 100_000 });
    expect(event?.ratio).to.be.closeTo(1.8, 1e-9);
    expect((event as SlowRun).runsBefore).to.equal(10);
    // 80 s of stages became 160 s with twice the bytes (1 MB read, 1 MB shuffled): all of it is data.
    expect(event?.likelyCause).to.deep.include({ comparedWith: 'app-9', changeMs: 80_000 });
    expect(event?.likelyCause?.causes.map(({ id, changeMs }) => [id, changeMs])).to.deep.equal([['data', 80_000]]);
    expect(refreshed?.state).to.deep.include({ verdict: 'slower', newestRun: 'app-10', runs: 11 });
  });

  it('says the same when it looks again, and forgets what no longer holds', async () => {
    await using store = await storeWith([...runs(10, 100_000), DOUBLED]);
    await refreshSeries(store, NAME, { now: NOW });
    const first = await findRegressions(store, {});
    await refreshSeries(store, NAME, { now: new Date(0) });

    expect(await findRegressions(store, {})).to.deep.equal(first);
    expect(await keptIds(store)).to.have.length(2);

    // The slow one turns out to have been read wrongly.
    await addRuns(store, [{ ...runs(1, 100_000)[0], id: 'app-10', endsAt: RUN_END + 10 * 86_400_000 + 1 }]);
    await refreshSeries(store, NAME, { now: NOW });
    expect(await findRegressions(store, {})).to.deep.equal([]);
  });

  it('judges only the runs it is told of, and leaves what was kept of others', async () => {
    await using store = await storeWith([...runs(10, 100_000), DOUBLED, ...runs(1, 100_000)]);
    const key = (appId: string) => ({ cluster: 'default', appId });

    const refreshed = await refreshSeries(store, NAME, { now: NOW, only: [key('app-11')] });
    expect(await findRegressions(store, {})).to.deep.equal([]);
    expect(refreshed?.state.verdict).to.equal('normal');

    await refreshSeries(store, NAME, { now: NOW, only: [key('app-10')] });
    await refreshSeries(store, NAME, { now: NOW, only: [key('app-11')] });
    expect((await findRegressions(store, {})).map(({ run }) => run)).to.deep.equal(['app-10']);
  });

  it('keeps a change of level at the run where it began', async () => {
    await using store = await storeWith([...runs(15, 100_000), ...runs(15, 150_000)]);
    await refreshSeries(store, NAME, { now: NOW });

    const shifts = (await findRegressions(store, {})).filter(({ type }) => type === 'shift');
    expect(shifts).to.have.length(1);
    expect(shifts[0]).to.deep.include({ run: 'app-15', after: 'app-14', runsBefore: 15, runsAfter: 15 });
    expect(shifts[0]?.ratio).to.be.closeTo(1.5, 1e-9);
  });

  it('tells applications apart whose tags begin alike or hold what separates ids, and one tag on two clusters', async () => {
    const tags = ['a', 'a~default', 'a%7Edefault', 'ab', 'x'.repeat(3000)];
    await using store = await storeWith([]);
    for (const [i, tag] of tags.entries())
      for (const cluster of ['default', 'south'])
        await addRuns(
          store,
          [...runs(9, 100_000), DOUBLED].map((run, j) => ({
            ...run,
            tag,
            cluster,
            id: `app-${i}-${j}`,
            endsAt: RUN_END + j,
          })),
        );
    const names = await seriesNames(store, {}, NEVER);
    for (const name of names) await refreshSeries(store, name, { now: NOW });

    expect(names).to.have.length(10);
    for (const tag of tags)
      expect((await findRegressions(store, { tag })).map((event) => [event.tag, event.cluster])).to.have.deep.members([
        [tag, 'default'],
        [tag, 'south'],
      ]);
    expect(await findRegressions(store, { cluster: 'south' })).to.have.length(5);
    expect((await keptIds(store)).every((id) => Buffer.byteLength(id) <= 2048)).to.equal(true);
  });

  it('lists newest first, within the times asked for', async () => {
    await using store = await storeWith([...runs(10, 100_000), DOUBLED, ...runs(3, 100_000), DOUBLED]);
    await refreshSeries(store, NAME, { now: NOW });
    const since = new Date(RUN_END + 11 * 86_400_000);

    expect((await findRegressions(store, {})).map(({ run }) => run)).to.deep.equal(['app-14', 'app-10']);
    expect((await findRegressions(store, { since })).map(({ run }) => run)).to.deep.equal(['app-14']);
    expect((await findRegressions(store, { until: since })).map(({ run }) => run)).to.deep.equal(['app-10']);
  });

  it('has nothing to say of an application without a completed run', async () => {
    await using store = await storeWith([{ completed: false }]);

    expect(await refreshSeries(store, NAME, { now: NOW })).to.equal(undefined);
    expect(await keptIds(store)).to.deep.equal([]);
  });
});

describe('series/kept', () => {
  it('begins every id of an application with its tag, then its cluster', () => {
    const id = eventId('a/b ~', 'run', { cluster: 'north', appId: 'app-1' });

    expect(id.startsWith(tagPrefix('a/b ~'))).to.equal(true);
    expect(id.startsWith(seriesPrefix('north', 'a/b ~'))).to.equal(true);
    expect(id.startsWith(tagPrefix('a/b '))).to.equal(false);
  });
});

import { expect } from 'chai';
import { BUILT_IN_KNOWLEDGE, learnFromStore, type StoredRun } from '../../src/simulation/knowledge.ts';
import { NO_EFFECTS, SHARED_HOST_EFFECTS } from '../../src/simulation/size-effects.ts';
import { chainOfJobs } from '../support/synthetic-run.ts';
import { whatIfRuns } from '../support/whatif-runs.ts';

/** Its first job comes 100 ms later per √slots, its tasks take 30 ms longer per √slots. */
function storedRun(application: string, slots: number, startMs: number): StoredRun {
  const root = Math.sqrt(slots);
  const detail = chainOfJobs([new Array<number>(64).fill(200 + 30 * root)], {
    executors: slots,
    cores: 1,
    firstJobMs: startMs + 100 * root,
  });
  const onOneHost = detail.executors.map((executor) => ({ ...executor, host: 'one' }));
  return {
    application,
    detail: { ...detail, executors: onOneHost },
    properties: { 'spark.master': 'local-cluster[1,1,1024]' },
  };
}

describe('simulation/knowledge', () => {
  const store = [
    storedRun('a', 1, 500),
    storedRun('a', 4, 500),
    storedRun('a', 16, 500),
    storedRun('b', 4, 3000),
    storedRun('b', 9, 3000),
  ];

  it('finds 100 ms of start-up and 30 ms a task per √slots, whatever the level of each application', () => {
    const { sharedHost, separateHosts, applications } = learnFromStore(store, null);

    expect(sharedHost.firstJobMs).to.be.closeTo(100, 1e-6);
    expect(sharedHost.contentionMs).to.be.closeTo(30, 1e-6);
    expect(separateHosts).to.deep.equal(NO_EFFECTS);
    expect(applications).to.deep.equal({ sharedHost: 2, separateHosts: 0 });
  });

  it('keeps the built-in effects with an empty store, and with one run of each application', () => {
    expect(learnFromStore([])).to.deep.equal(BUILT_IN_KNOWLEDGE);
    expect(learnFromStore([store[0]!, store[3]!]).sharedHost).to.deep.equal(SHARED_HOST_EFFECTS);
  });

  it('lies between the built-in effects and what few runs say', () => {
    expect(learnFromStore(store).sharedHost.firstJobMs).to.be.within(100, SHARED_HOST_EFFECTS.firstJobMs);
  });

  it('learns the built-in effects from the recorded runs themselves, to a millisecond or two', () => {
    const { sharedHost } = learnFromStore(whatIfRuns(), null);

    for (const [name, effect] of Object.entries(sharedHost))
      expect(effect).to.be.closeTo(SHARED_HOST_EFFECTS[name as keyof typeof sharedHost], 2);
  });
});

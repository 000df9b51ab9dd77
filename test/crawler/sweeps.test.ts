import { expect } from 'chai';
import { SweepPlan } from '../../src/crawler/sweeps.ts';

const SETTINGS = {
  hot_window_seconds: 7200,
  warm_every_seconds: 3600,
  warm_window_seconds: 604_800,
  cold_every_seconds: 86_400,
};
const START = Date.parse('2026-11-21T00:00:00Z');

function at(seconds: number): Date {
  return new Date(START + seconds * 1000);
}

/** A plan whose list was twice equal, so that the start is over at second 10. */
function settledPlan(earliest?: Date): SweepPlan {
  const plan = new SweepPlan(SETTINGS, earliest);
  for (const second of [0, 10]) {
    plan.completed(plan.next(at(second)), { listed: 5, listId: '5' }, at(second));
  }
  return plan;
}

describe('crawler/sweeps', () => {
  it('asks for everything first, and again until two lists are equal', () => {
    const plan = new SweepPlan(SETTINGS);

    expect(plan.next(at(0))).to.deep.equal({ sweep: 'cold', window: { endedAfter: undefined } });
    plan.completed({ sweep: 'cold', window: {} }, { listed: 89, listId: '89' }, at(0));
    expect(plan.next(at(10)).sweep).to.equal('cold');
    plan.completed({ sweep: 'cold', window: {} }, { listed: 4000, listId: '4000' }, at(10));
    expect(plan.next(at(20)).sweep).to.equal('cold');
    plan.completed({ sweep: 'cold', window: {} }, { listed: 4000, listId: '4000' }, at(20));
    expect(plan.next(at(30)).sweep).to.equal('hot');
  });

  it('asks for everything again at the next poll when the daily list is another one, however long', () => {
    const plan = settledPlan();
    const day = 86_500;
    plan.completed(plan.next(at(day)), { listed: 5, listId: 'others' }, at(day));
    expect(plan.next(at(day + 10)).sweep).to.equal('cold');
  });

  it('asks for everything as long as the list is empty', () => {
    const plan = new SweepPlan(SETTINGS);
    for (const second of [0, 10, 20, 30]) {
      expect(plan.next(at(second)).sweep).to.equal('cold');
      plan.completed(plan.next(at(second)), { listed: 0, listId: 'empty' }, at(second));
    }
  });

  it('then asks for the last 2 hours at each poll, a week every hour, everything once a day', () => {
    const plan = settledPlan();

    expect(plan.next(at(20))).to.deep.equal({ sweep: 'hot', window: { endedAfter: at(20 - 7200) } });
    expect(plan.next(at(3610))).to.deep.equal({ sweep: 'warm', window: { endedAfter: at(3610 - 604_800) } });
    plan.completed({ sweep: 'warm', window: { endedAfter: at(3610 - 604_800) } }, { listed: 3, listId: '3' }, at(3610));
    expect(plan.next(at(3620)).sweep).to.equal('hot');
    expect(plan.next(at(86_410)).sweep).to.equal('cold');
  });

  it('asks for everything again after the source could not be reached', () => {
    const plan = settledPlan();

    plan.interrupted();

    expect(plan.next(at(30)).sweep).to.equal('cold');
  });

  it('repeats a sweep that was not completed', () => {
    const plan = settledPlan();

    expect(plan.next(at(4000)).sweep).to.equal('warm');
    expect(plan.next(at(4010)).sweep).to.equal('warm');
  });

  it('reaches back to a run that failed when it is due, and not before, and not after it was read', () => {
    const plan = settledPlan();
    const old = { nextTryAt: at(100).getTime(), oldestEnd: at(-50_000).getTime() };
    plan.completed(
      { sweep: 'warm', window: { endedAfter: at(-60_000) } },
      { listed: 1, listId: '1', waiting: old },
      at(20),
    );

    expect(plan.next(at(90)).window.endedAfter).to.deep.equal(at(90 - 7200));
    plan.completed(plan.next(at(90)), { listed: 0, listId: '0' }, at(90));
    const retry = plan.next(at(100));
    expect(retry).to.deep.equal({ sweep: 'hot', window: { endedAfter: at(-50_000) } });
    plan.completed(retry, { listed: 1, listId: '1' }, at(100));
    expect(plan.next(at(110)).window.endedAfter).to.deep.equal(at(110 - 7200));
  });

  it('never asks for what ended before the earliest date', () => {
    const plan = settledPlan(at(-100));

    expect(plan.next(at(20)).window).to.deep.equal({ endedAfter: at(-100) });
  });

  it('is not stopped by a clock that is set back a day', () => {
    const plan = settledPlan();

    expect(plan.next(at(-86_400)).sweep).to.equal('cold');
  });
});

import { expect } from 'chai';
import { GrowingLogs, MAX_GROWING } from '../../../src/sources/event-log/growing-logs.ts';
import type { Growth } from '../../../src/sources/event-log/replay-task.ts';

function growth(key: string, changes: Partial<Growth> = {}): Growth {
  return { key, headMark: 'head', isLast: false, ...changes };
}

describe('sources/event-log/growing-logs', () => {
  it('gives the replay back that was kept for a log, and a new one when its head is another', () => {
    const logs = new GrowingLogs(() => 0);
    const replay = logs.take(growth('a'));

    expect(logs.keep(growth('a'), replay)).to.deep.equal(['a']);
    expect(logs.take(growth('a'))).to.equal(replay);
    logs.keep(growth('a'), replay);
    expect(logs.take(growth('a', { headMark: 'other' }))).to.not.equal(replay);
  });

  it('gives up a log that has ended, and of 65 logs the one used longest ago', () => {
    const logs = new GrowingLogs(() => 0);
    let kept: readonly string[] = [];
    for (let n = 0; n <= MAX_GROWING; n++) kept = logs.keep(growth(`log-${n}`), logs.take(growth(`log-${n}`)));

    expect(kept).to.have.length(MAX_GROWING).and.include(`log-${MAX_GROWING}`).and.not.include('log-0');
    const last = logs.keep(growth('log-5', { isLast: true }), logs.take(growth('log-5')));
    expect(last)
      .to.have.length(MAX_GROWING - 1)
      .and.not.include('log-5');
  });

  it('gives all up when objects take more than half of the thread’s memory', () => {
    let share = 0.1;
    const logs = new GrowingLogs(() => share);
    for (const key of ['a', 'b']) logs.keep(growth(key), logs.take(growth(key)));

    share = 0.6;

    expect(logs.keep(growth('c'), logs.take(growth('c')))).to.deep.equal([]);
  });
});

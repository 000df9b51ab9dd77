import { expect } from 'chai';
import { nextText, statusText } from '../../src/cli/tuning/tuning-text.ts';
import { propose, record, standing, startSession, stopSession } from '../../src/tuning/advance.ts';
import { CONTEXT, NOW, runOf, SETTINGS } from './sessions.ts';

const started = startSession({ tag: 'etl', settings: SETTINGS, runs: [runOf('run-0', 600_000)], now: NOW });
const proposed = propose(started, CONTEXT);
const at = (session: typeof started) => standing(session, CONTEXT);

describe('cli/tuning', () => {
  it('says of a proposal what it is expected to take, what it will surely not exceed, and what the start takes', () => {
    const text = nextText(proposed, at(proposed));

    expect(text).to.match(/^Round 1 of 8 for 10\.0 GiB of input: expected to save \d+ % of the best so far\./);
    expect(text).to.match(/about .+, with 90 % at most .+; the start takes 10 m 00 s\./);
  });

  it('tells of runs that had another configuration than was proposed', () => {
    const after = record(proposed, runOf('run-7', 300_000, { executors: 13 }), CONTEXT);
    const text = statusText(after, at(after), Infinity);

    expect(text).to.include('Runs with a configuration that was not proposed: 1 (the newest run-7, 13 × 2 cores');
    expect(text).to.include('Round 1 waits for its run');
  });

  it('says why it ended', () => {
    const ended = stopSession(started, 'setbacks', NOW);

    expect(statusText(ended, at(ended), Infinity)).to.include('Ended: two rounds were setbacks.');
    expect(nextText(ended, at(ended))).to.include(
      'Tuning has ended (two rounds were setbacks). Best so far: 1 × 2 cores',
    );
  });
});

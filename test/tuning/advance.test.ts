import { expect } from 'chai';
import {
  expectedImprovement,
  propose,
  record,
  recordFailure,
  standing,
  startSession,
  stopSession,
} from '../../src/tuning/advance.ts';
import { TuningError, type Proposal, type TuningSession } from '../../src/tuning/session.ts';
import { CONTEXT, GIB, NOW, runOf, SETTINGS, START } from './sessions.ts';

const started = (settings = SETTINGS): TuningSession =>
  startSession({ tag: 'etl', settings, runs: [runOf('run-0', 600_000)], now: NOW });

function pendingOf(session: TuningSession): Proposal {
  if (session.pending === undefined)
    throw new Error(`nothing is proposed: ${session.stopped?.reason ?? 'not stopped'}`);
  return session.pending;
}

/** The session after the proposed run took so long. */
function ran(session: TuningSession, durationMs: number): TuningSession {
  const run = `run-${session.rounds.length + 1}`;
  return record(session, runOf(run, durationMs, pendingOf(session).configuration), CONTEXT);
}

describe('tuning/advance', () => {
  it('starts with a step of at most a factor of 2 in each setting, sure to stay below 1.1 of the start', () => {
    const { configuration, upperMs, baselineMs } = pendingOf(propose(started(), CONTEXT));

    expect(baselineMs).to.equal(600_000);
    expect(upperMs).to.be.at.most(660_000);
    for (const name of ['executors', 'coresPerExecutor', 'memoryMib', 'shufflePartitions'] as const)
      expect(configuration[name] / START[name]).to.be.within(0.5, 2);
  });

  it('proposes the same until its run is recorded', () => {
    const first = propose(started(), CONTEXT);

    expect(propose(first, { ...CONTEXT, now: new Date('2026-11-22T00:00:00Z') })).to.equal(first);
  });

  it('calls a faster run better, goes on from there, and remembers it once', () => {
    const after = ran(propose(started(), CONTEXT), 400_000);

    expect(after.rounds.map(({ verdict }) => verdict)).to.deep.equal(['better']);
    expect(after.pending).to.equal(undefined);
    const { bestMs, baselineMs, saved } = standing(after, CONTEXT);
    expect([Math.round(bestMs), Math.round(baselineMs)]).to.deep.equal([400_000, 600_000]);
    expect(saved).to.be.closeTo(1 / 3, 1e-9);
    expect(record(after, runOf('run-1', 1, START), CONTEXT)).to.equal(after);
  });

  it('goes back to the best known after a run that is 10.1 % slower than the start, and stops after the second', () => {
    const better = ran(propose(started(), CONTEXT), 400_000);
    const slower = ran(propose(better, CONTEXT), 660_601);
    const back = propose(slower, CONTEXT);

    expect(slower.rounds.at(-1)?.verdict).to.equal('slower');
    expect(pendingOf(back).kind).to.equal('return');
    expect(pendingOf(back).configuration).to.deep.equal(better.rounds[0]?.configuration);

    const stopped = propose(ran(back, 700_000), CONTEXT);
    expect(stopped.stopped?.reason).to.equal('setbacks');
    expect(stopped.pending).to.equal(undefined);
  });

  it('goes back after a failure and never proposes less room than what failed', () => {
    const failed = recordFailure(propose(started(), CONTEXT), 'run-1');
    const back = propose(failed, CONTEXT);

    expect(pendingOf(back).kind).to.equal('return');
    expect(pendingOf(back).configuration).to.deep.equal(START);
    expect(recordFailure(failed, 'run-1')).to.equal(failed);
    // From one executor only a step up has more room than what failed, and half the reach does not get there: better to stop.
    expect(propose(ran(back, 600_000), CONTEXT).stopped?.reason).to.equal('no-candidate');
  });

  it('takes a run of another configuration as knowledge, not as a round', () => {
    const session = propose(started(), CONTEXT);
    const after = record(session, runOf('run-7', 300_000, { executors: 13 }), CONTEXT);

    expect(after.rounds).to.have.length(0);
    expect(after.others).to.have.length(1);
    expect(after.pending).to.equal(session.pending);
  });

  it('takes a run on fewer executors than were asked for as the round, with those it had', () => {
    const session = propose(
      started({ ...SETTINGS, bounds: { ...SETTINGS.bounds, executors: { min: 2, max: 16 } } }),
      CONTEXT,
    );
    const { configuration } = pendingOf(session);
    const after = record(session, runOf('run-1', 500_000, { ...configuration, executors: 1 }), CONTEXT);

    expect(after.rounds[0]?.trial.configuration?.executors).to.equal(1);
  });

  it('holds a run on twice the input against the start on twice the input', () => {
    const session = propose(started(), CONTEXT, 20 * GIB);
    const { baselineMs, configuration } = pendingOf(session);
    // 600 s × 2^0.9 = 1120 s: by the usual law.
    expect(baselineMs).to.be.closeTo(1_119_639, 100);

    const run = runOf('run-1', 900_000, configuration, { inputBytes: 20 * GIB });
    expect(record(session, run, CONTEXT).rounds[0]?.verdict).to.equal('better');
  });

  it('stops after the rounds agreed on, and when nothing is expected to save 99 %', () => {
    const one = ran(propose(started({ ...SETTINGS, maxRounds: 1 }), CONTEXT), 500_000);

    expect(propose(one, CONTEXT).stopped?.reason).to.equal('rounds');
    expect(propose(started({ ...SETTINGS, leastGain: 0.99 }), CONTEXT).stopped?.reason).to.equal('gain');
  });

  it('stops without a candidate when the cluster grants none, or a model of many runs objects to all', () => {
    const none = propose(started(), { ...CONTEXT, isGrantable: () => false });
    const objected = propose(started(), { ...CONTEXT, upperMs: () => 660_001 });

    expect(none.stopped?.reason).to.equal('no-candidate');
    expect(objected.stopped?.reason).to.equal('no-candidate');
  });

  it('saves cost without breaking the promise on time', () => {
    const session = started({ ...SETTINGS, objective: 'cost', tolerance: 0.5 });
    const proposed = propose(session, CONTEXT);
    const { upperMs, configuration } = pendingOf(proposed);

    const startCost = 600_000 * 2;
    expect(upperMs).to.be.at.most(900_000);
    expect(upperMs * configuration.executors * configuration.coresPerExecutor).to.be.at.most(1.5 * startCost);
  });

  it('awaits no run before one is proposed, nor after the end', () => {
    const ended = stopSession(started(), 'asked', NOW);

    for (const session of [started(), ended])
      expect(() => record(session, runOf('run-9', 1000), CONTEXT))
        .to.throw(TuningError)
        .with.property('code', 'TUNING_NOT_PROPOSED');
    expect(() => startSession({ tag: 'etl', settings: SETTINGS, runs: [], now: NOW }))
      .to.throw(TuningError)
      .with.property('code', 'TUNING_NO_START');
  });

  // Closed formula of expected improvement: at equal means and sd s it is 2Φ(s/2) − 1 for a lognormal whose mean is the best.
  it('expects 3.99 % of a candidate as good as the best on average whose logarithm is unsure by 0.1', () => {
    expect(expectedImprovement(100, Math.log(100) - 0.005, 0.1)).to.be.closeTo(0.03988, 1e-4);
    expect(expectedImprovement(100, Math.log(80), 0)).to.be.closeTo(0.2, 1e-12);
    expect(expectedImprovement(100, Math.log(120), 0)).to.equal(0);
  });
});

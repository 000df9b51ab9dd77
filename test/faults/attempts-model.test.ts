import { expect } from 'chai';
import * as fc from 'fast-check';
import { applicationOf, type AttemptSketch } from '../support/memory-source.ts';
import type { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import {
  actualRuns,
  END_ATTEMPT,
  END_OLD_ATTEMPT,
  expectedRuns,
  KILL_DRIVER,
  START_ATTEMPT,
  type Attempt,
  type Change,
  type Truth,
} from './attempt-truth.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext } from './simulated-daemon.ts';
import { SimulatedServer, type SimulatedClock } from './simulated-server.ts';
import { testSeed } from './test-seed.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Before it nothing happens, so that no time is negative. */
const BEGINNING = 100 * DAY;

interface Real {
  readonly clock: SimulatedClock;
  readonly server: SimulatedServer;
  readonly store: SqliteStore;
  readonly settings: Settings;
  daemon: SimulatedDaemon;
}

type Settings = Parameters<typeof simulatedContext>[3];

type Step = fc.AsyncCommand<Truth, Real>;

/** A step that changes what is true, and what the server tells of one application. */
function change({ title, applies, run }: Change): (app: number, late: number) => Step {
  return (app, late) => {
    const id = `app-${app}`;
    return {
      check: ({ applications }) => applies(applications.get(id) ?? []),
      async run(model, { server }) {
        const attempts = model.applications.get(id) ?? [];
        run(attempts, model.now);
        model.applications.set(id, attempts);
        // The latest start first, as the server has them.
        server.put(applicationOf(id, ...attempts.map(sketch).reverse()), model.now + late);
        await Promise.resolve();
      },
      toString: () => `${title} ${id}${late > 0 ? ` (its log comes ${late} s late)` : ''}`,
    };
  };
}

function sketch({ startsAt, endsAt }: Attempt, index: number): AttemptSketch {
  return { attemptId: String(index + 1), startsAt, endsAt, lastUpdatedAt: endsAt ?? startsAt };
}

const startAttempt = change(START_ATTEMPT);
const endAttempt = change(END_ATTEMPT);
const killDriver = change(KILL_DRIVER);
const endOldAttempt = change(END_OLD_ATTEMPT);

const wait = (seconds: number): Step => ({
  check: () => true,
  async run(model, { clock }) {
    model.now += seconds;
    clock.seconds = model.now;
    await Promise.resolve();
  },
  toString: () => `wait ${seconds} s`,
});
const poll = (times: number): Step => ({
  check: () => true,
  async run(model, real) {
    for (let time = 0; time < times; time++) {
      await real.daemon.poll();
      await expectNoOldAttemptAsFinal(model, real.store, real.server.told);
      tick(model, real);
    }
  },
  toString: () => `poll ${times} times`,
});
const restartServer = (listed: number): Step => ({
  check: () => true,
  async run(_model, { server }) {
    server.restart(listed, 1);
    await Promise.resolve();
  },
  toString: () => `restart the server, which lists ${listed} at first`,
});
const restartSpot: Step = {
  check: () => true,
  async run(_model, real) {
    await real.daemon.stop();
    real.daemon = new SimulatedDaemon(simulatedContext(real.server, real.store, real.clock, real.settings));
  },
  toString: () => 'restart Spot',
};

/** An application that turns running again has no final attempt that ended, as soon as Spot was told of it. */
async function expectNoOldAttemptAsFinal(
  { applications }: Truth,
  store: SqliteStore,
  told: readonly string[],
): Promise<void> {
  for await (const { id, attempt, isFinalAttempt } of store.findAggregates({})) {
    if (!isFinalAttempt || !attempt.completed || !told.includes(id)) continue;
    expect(Number(attempt.attemptId), `the final attempt of ${id}`).to.equal(applications.get(id)?.length);
  }
}

function tick(model: Truth, { clock }: Real): void {
  model.now += 10;
  clock.seconds = model.now;
}

async function start(settings: Settings): Promise<{ model: Truth; real: Real }> {
  const clock = { seconds: BEGINNING };
  const server = new SimulatedServer(clock);
  const store = await memoryStore();
  const daemon = new SimulatedDaemon(simulatedContext(server, store, clock, settings));
  return { model: { now: BEGINNING, applications: new Map() }, real: { clock, server, store, settings, daemon } };
}

describe('faults: attempts that start, end, die and come late', function () {
  this.timeout(inSoak(7_200_000, 60_000));

  async function checkHistory(steps: Iterable<Step>, settings: Settings = {}): Promise<void> {
    const { model, real } = await start(settings);
    try {
      await fc.asyncModelRun(() => ({ model, real }), steps);
      // The last log arrives, the server has read them all, and the next daily sweep comes by.
      await wait(21 * DAY).run(model, real);
      await poll(12).run(model, real);
      await wait(DAY).run(model, real);
      await poll(3).run(model, real);

      expect(await actualRuns(real.store)).to.deep.equal(expectedRuns(model));
    } finally {
      await real.daemon.stop();
      await real.store[Symbol.asyncDispose]();
    }
  }

  /** @throws what fast-check says of the first history after which the store does not hold what is true */
  async function checkHistories(numRuns: number, seed: number, settings: Settings = {}): Promise<void> {
    const isControl = Object.keys(settings).length > 0;
    const app = fc.integer({ min: 0, max: 2 });
    // Mostly at once; else after less than two hours, seven days or longer.
    const late = fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(30 * MINUTE, 3 * DAY, 20 * DAY) },
    );
    const steps = [
      fc.tuple(app, late).map(([id, seconds]) => startAttempt(id, seconds)),
      app.map((id) => startAttempt(id, 0)),
      app.map((id) => endAttempt(id, 0)),
      app.map((id) => endAttempt(id, 0)),
      app.map((id) => killDriver(id, 0)),
      app.map((id) => endOldAttempt(id, 0)),
      fc.constantFrom(MINUTE, HOUR, DAY, 8 * DAY).map(wait),
      fc.integer({ min: 1, max: 4 }).map(poll),
      fc.integer({ min: 1, max: 4 }).map(poll),
      fc.integer({ min: 0, max: 3 }).map(restartServer),
      fc.constant(restartSpot),
    ];

    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), (commands) =>
        checkHistory(commands, settings),
      ),
      // Of a control one failure is enough; else the smallest history that fails is worth its time.
      { numRuns, seed, endOnFailure: isControl },
    );
  }

  const histories = inSoak(10_000, 150);
  it(`R4: after ${histories} random histories the store holds what is true, each attempt once, and no attempt as final that is not`, async () => {
    await checkHistories(histories, testSeed('attempts'));
  });

  it('R4, seed 625248001: a server that was restarted unnoticed and lists as many runs as before, but others, is asked for all of them', async () => {
    const before = [startAttempt(2, 0), startAttempt(1, 0), endAttempt(1, 0), poll(2)];
    await checkHistory([
      ...before,
      ...[startAttempt(1, 0), restartServer(0), endAttempt(1, 0), wait(DAY), endAttempt(2, 0), poll(1)],
    ]);
  });

  it('R4, seed 1300861105: a server that is restarted again and again and lists nothing is asked for everything until it lists something', async () => {
    const before = [startAttempt(1, 0), endAttempt(1, 0), poll(1), restartServer(0), poll(1), restartServer(0)];
    const { model, real } = await start({});
    const steps = [...before, startAttempt(1, 0), endAttempt(1, 0), wait(21 * DAY), poll(2)];
    try {
      await fc.asyncModelRun(() => ({ model, real }), steps);
      expect(await actualRuns(real.store)).to.deep.equal(expectedRuns(model));
    } finally {
      await real.daemon.stop();
      await real.store[Symbol.asyncDispose]();
    }
  });

  it('negative control: without the daily sweep some of these histories end with runs missing', async () => {
    const never = { warm_every_seconds: 1e9, cold_every_seconds: 1e9 };

    const failure = await checkHistories(100, 1, never).catch((error: unknown) => error as Error);

    expect(failure).to.be.instanceOf(Error);
    expect(String(failure)).to.contain('Property failed after');
  });
});

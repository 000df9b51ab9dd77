import { expect } from 'chai';
import * as fc from 'fast-check';
import { applicationOf, type AttemptSketch } from '../support/memory-source.ts';
import type { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext } from './simulated-daemon.ts';
import { SimulatedServer, type SimulatedClock } from './simulated-server.ts';
import { testSeed } from './test-seed.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** As `orphan_after_hours` has it. */
const ORPHAN_AFTER = 168 * HOUR;
/** Before it nothing happens, so that no time is negative. */
const BEGINNING = 100 * DAY;

interface Attempt {
  readonly startsAt: number;
  endsAt?: number;
  /** Its driver was killed: it never ends. */
  isKilled: boolean;
}

/** What is true of the cluster; the model knows nothing of servers, lists and stores. */
interface Model {
  now: number;
  /** Oldest attempt first. */
  readonly applications: Map<string, Attempt[]>;
}

interface Real {
  readonly clock: SimulatedClock;
  readonly server: SimulatedServer;
  readonly store: SqliteStore;
  readonly settings: Settings;
  daemon: SimulatedDaemon;
}

type Settings = Parameters<typeof simulatedContext>[3];

type Step = fc.AsyncCommand<Model, Real>;

/** A step that changes what is true, and what the server tells of one application. */
function change(
  title: string,
  applies: (attempts: readonly Attempt[]) => boolean,
  run: (attempts: Attempt[], now: number) => void,
): (app: number, late: number) => Step {
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

const isGoing = (attempt: Attempt | undefined): boolean =>
  attempt !== undefined && attempt.endsAt === undefined && !attempt.isKilled;

const startAttempt = change(
  'start an attempt of',
  (attempts) => attempts.length < 4 && !isGoing(attempts.at(-1)),
  (attempts, now) => {
    attempts.push({ startsAt: now, isKilled: false });
  },
);
const endAttempt = change(
  'end',
  (attempts) => isGoing(attempts.at(-1)),
  (attempts, now) => {
    attempts.at(-1)!.endsAt = now;
  },
);
const killDriver = change(
  'kill the driver of',
  (attempts) => isGoing(attempts.at(-1)),
  (attempts) => {
    attempts.at(-1)!.isKilled = true;
  },
);
/** An attempt that was thought dead ends after all, while a newer one goes on: the order of ends is not that of starts. */
const endOldAttempt = change(
  'end the attempt before the last of',
  (attempts) => attempts.at(-2)?.isKilled === true && attempts.at(-2)?.endsAt === undefined,
  (attempts, now) => {
    attempts.at(-2)!.endsAt = now;
  },
);

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
      const listed = [...model.applications.keys()].filter((id) => real.server.lists(id));
      await real.daemon.poll();
      await expectNoOldAttemptAsFinal(model, real.store, listed);
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

/** An application that turns running again has no final attempt that ended, as soon as Spot could know it. */
async function expectNoOldAttemptAsFinal(
  { applications }: Model,
  store: SqliteStore,
  listed: readonly string[],
): Promise<void> {
  for await (const { id, attempt, isFinalAttempt } of store.findAggregates({})) {
    if (!isFinalAttempt || !attempt.completed || !listed.includes(id)) continue;
    expect(Number(attempt.attemptId), `the final attempt of ${id}`).to.equal(applications.get(id)?.length);
  }
}

function tick(model: Model, { clock }: Real): void {
  model.now += 10;
  clock.seconds = model.now;
}

/**
 * What the store must hold in the end, from the truth alone.
 *
 * Stored is what ended; what did not, when a newer attempt was made and has ended (its application is over), or when it
 * was listed as running for a week.
 */
function expectedRuns({ applications, now }: Model): Record<string, unknown> {
  const runs: Record<string, unknown> = {};
  for (const [id, attempts] of applications) {
    const isOver = attempts.at(-1)?.endsAt !== undefined;
    for (const [index, { startsAt, endsAt }] of attempts.entries()) {
      if (endsAt === undefined && !isOver && now - startsAt <= ORPHAN_AFTER) continue;
      runs[`${id}/${index + 1}`] = {
        status: endsAt === undefined ? 'incomplete' : 'completed',
        seconds: endsAt === undefined ? undefined : endsAt - startsAt,
        isFinal: index === attempts.length - 1,
      };
    }
  }
  return runs;
}

async function actualRuns(store: SqliteStore): Promise<Record<string, unknown>> {
  const runs: Record<string, unknown> = {};
  for await (const { id, attempt, spot, isFinalAttempt } of store.findAggregates({})) {
    const { attemptId, startTime, endTime } = attempt;
    runs[`${id}/${attemptId}`] = {
      status: spot.status,
      seconds: endTime === undefined ? undefined : (Date.parse(endTime) - Date.parse(startTime)) / 1000,
      isFinal: isFinalAttempt,
    };
  }
  return runs;
}

async function start(settings: Settings): Promise<{ model: Model; real: Real }> {
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

  it('negative control: without the daily sweep some of these histories end with runs missing', async () => {
    const never = { warm_every_seconds: 1e9, cold_every_seconds: 1e9 };

    const failure = await checkHistories(100, 1, never).catch((error: unknown) => error as Error);

    expect(failure).to.be.instanceOf(Error);
    expect(String(failure)).to.contain('Property failed after');
  });
});

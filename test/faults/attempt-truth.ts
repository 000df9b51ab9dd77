import type { Store } from '../../src/store/store.ts';

const HOUR = 60 * 60;
/** As `orphan_after_hours` has it. */
const ORPHAN_AFTER = 168 * HOUR;

export interface Attempt {
  /** In seconds of the simulated clock. */
  readonly startsAt: number;
  endsAt?: number;
  /** Its driver was killed: it never ends. */
  isKilled: boolean;
}

/** What is true of a cluster; it knows nothing of servers, lists and stores. */
export interface Truth {
  now: number;
  /** Oldest attempt first. */
  readonly applications: Map<string, Attempt[]>;
}

/** One thing that can happen to an application. */
export interface Change {
  readonly title: string;
  readonly applies: (attempts: readonly Attempt[]) => boolean;
  readonly run: (attempts: Attempt[], now: number) => void;
}

const isGoing = (attempt: Attempt | undefined): boolean =>
  attempt !== undefined && attempt.endsAt === undefined && !attempt.isKilled;

export const START_ATTEMPT: Change = {
  title: 'start an attempt of',
  applies: (attempts) => attempts.length < 4 && !isGoing(attempts.at(-1)),
  run(attempts, now) {
    attempts.push({ startsAt: now, isKilled: false });
  },
};
export const END_ATTEMPT: Change = {
  title: 'end',
  applies: (attempts) => isGoing(attempts.at(-1)),
  run(attempts, now) {
    attempts.at(-1)!.endsAt = now;
  },
};
export const KILL_DRIVER: Change = {
  title: 'kill the driver of',
  applies: (attempts) => isGoing(attempts.at(-1)),
  run(attempts) {
    attempts.at(-1)!.isKilled = true;
  },
};
/** An attempt that was thought dead ends after all, while a newer one goes on: the order of ends is not that of starts. */
export const END_OLD_ATTEMPT: Change = {
  title: 'end the attempt before the last of',
  applies: (attempts) => attempts.at(-2)?.isKilled === true && attempts.at(-2)?.endsAt === undefined,
  run(attempts, now) {
    attempts.at(-2)!.endsAt = now;
  },
};

/** By `application/attempt`. */
export type Runs = Readonly<Record<string, unknown>>;

/**
 * What the store must hold in the end, from the truth alone.
 *
 * Stored is what ended; what did not, when a newer attempt was made and has ended (its application is over), or when it
 * was listed as running for a week.
 */
export function expectedRuns({ applications, now }: Truth): Runs {
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

export async function actualRuns(store: Store): Promise<Runs> {
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

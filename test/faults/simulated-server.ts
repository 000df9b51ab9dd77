import type { RunWindow } from '../../src/sources/run-source.ts';
import type { ApplicationInfo } from '../../src/spark/rest.ts';
import { MemorySource, START } from '../support/memory-source.ts';

/** Seconds after {@link START}; what everybody in a simulation looks at. */
export interface SimulatedClock {
  seconds: number;
}

export function dateOf(clock: SimulatedClock): Date {
  return new Date(START + clock.seconds * 1000);
}

/**
 * A History Server in memory that lists as the real one does.
 *
 * - Newest end first; running applications in every window; a completed one where an attempt of it ended in the window.
 * - An application is listed from the moment its log arrives.
 * - After {@link restart} it answers with a part of its list, the newest, which grows from answer to answer.
 *
 * @see docs/reliability.md, "What the History Server does"
 */
export class SimulatedServer extends MemorySource {
  readonly #clock: SimulatedClock;
  readonly #logs = new Map<string, { application: ApplicationInfo; readonly arrivesAt: number }>();
  #listsAtMost = Infinity;
  #growsBy = 0;
  /** The applications of the last answer. */
  told: readonly string[] = [];

  constructor(clock: SimulatedClock, cluster?: string) {
    super(cluster);
    this.#clock = clock;
  }

  /** Adds an application, or what became of it; it keeps the time of its arrival. */
  put(application: ApplicationInfo, arrivesAt = -Infinity): void {
    const known = this.#logs.get(application.id);
    this.#logs.set(application.id, { application, arrivesAt: known?.arrivesAt ?? arrivesAt });
  }

  /** As the server's cleaner does, or an operator. */
  remove(id: string): void {
    this.#logs.delete(id);
  }

  /** The next answer has so many applications, each one after it so many more. */
  restart(listed: number, growsBy: number): void {
    this.#listsAtMost = listed;
    this.#growsBy = growsBy;
  }

  override async *listApplications(window: RunWindow): AsyncIterable<ApplicationInfo> {
    this.listings.push(window);
    this.onCall('list', '');
    const read = this.#arrived().slice(0, this.#listsAtMost);
    this.#listsAtMost += this.#growsBy;
    const listed = read.filter((application) => isListed(application, window));
    this.told = listed.map(({ id }) => id);
    for (const application of listed) yield await Promise.resolve(application);
  }

  #arrived(): ApplicationInfo[] {
    return [...this.#logs.values()]
      .filter(({ arrivesAt }) => arrivesAt <= this.#clock.seconds)
      .map(({ application }) => application)
      .sort((a, b) => (b.attempts[0]?.endTimeEpoch ?? 0) - (a.attempts[0]?.endTimeEpoch ?? 0));
  }
}

/** Both ends of a window are inclusive; it is asked without one, or with its beginning. */
function isListed({ attempts }: ApplicationInfo, { endedAfter }: RunWindow): boolean {
  const isRunning = attempts[0]?.completed !== true;
  return isRunning || attempts.some(({ endTimeEpoch }) => endTimeEpoch >= (endedAfter?.getTime() ?? -Infinity));
}

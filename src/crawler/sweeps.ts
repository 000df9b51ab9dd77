import type { RunWindow } from '../sources/run-source.ts';

/** How much of the list a poll asks for. */
export type Sweep = 'hot' | 'warm' | 'cold';

/** Runs that could not be read: when the first of them is to be tried again, and when the oldest of them ended. */
export interface Waiting {
  /** Milliseconds since 1970. */
  readonly nextTryAt: number;
  /** Milliseconds since 1970; -1 where one has no end. */
  readonly oldestEnd: number;
}

export interface PlannedSweep {
  readonly sweep: Sweep;
  readonly window: RunWindow;
}

export interface SweepSettings {
  readonly hot_window_seconds: number;
  readonly warm_every_seconds: number;
  readonly warm_window_seconds: number;
  readonly cold_every_seconds: number;
}

/**
 * Decides how far back each poll looks.
 *
 * There is no watermark: a server that has just started lists a part of its runs, newest first, and logs are uploaded
 * days after their end. So the recent past is asked for at each poll, a week of it every hour, everything once a day,
 * at the start, and for as long as the source may still be filling its list after it could not be reached.
 */
export class SweepPlan {
  readonly #settings: SweepSettings;
  readonly #earliest: Date | undefined;
  #lastWarm = -Infinity;
  #lastCold = -Infinity;
  /**
   * The list of the cold sweep before: equal twice in a row means that it is whole. Not its length: a server that was
   * restarted in between may by chance list as many others.
   */
  #listBefore: string | undefined;
  #settled = false;
  #waiting: Waiting | undefined;

  /** @param earliest - `--min_end_date`: nothing that ended before it is asked for */
  constructor(settings: SweepSettings, earliest?: Date) {
    this.#settings = settings;
    this.#earliest = earliest;
  }

  next(now: Date): PlannedSweep {
    const seconds = now.getTime() / 1000;
    const sweep = this.#due(seconds);
    const back = sweep === 'hot' ? this.#settings.hot_window_seconds : this.#settings.warm_window_seconds;
    const recent = new Date((seconds - back) * 1000);
    const after = sweep === 'cold' ? undefined : this.#wideEnoughToRetry(recent, now);
    return { sweep, window: { endedAfter: latest(after, this.#earliest) } };
  }

  /** To be told after each sweep that went through to its end. */
  completed(
    { sweep, window }: PlannedSweep,
    found: { readonly listed: number; readonly listId: string; readonly waiting?: Waiting | undefined },
    now: Date,
  ): void {
    const seconds = now.getTime() / 1000;
    this.#remember(window, found.waiting);
    if (sweep === 'hot') return;
    this.#lastWarm = seconds;
    if (sweep === 'warm') return;
    // An empty list is what a server says that has just started, however often; asking an empty one for everything costs nothing.
    this.#settled = found.listed > 0 && this.#listBefore === found.listId;
    this.#listBefore = found.listId;
    this.#lastCold = seconds;
  }

  /** The source did not answer: when it does again, it may have been restarted and list only a part. */
  interrupted(): void {
    this.#settled = false;
    this.#listBefore = undefined;
  }

  /** A run that failed and is due may have ended long before the window: it is asked for again all the same. */
  #wideEnoughToRetry(after: Date, now: Date): Date {
    if (this.#waiting === undefined || this.#waiting.nextTryAt > now.getTime()) return after;
    return new Date(Math.min(after.getTime(), this.#waiting.oldestEnd));
  }

  /** A window that did not reach back to the waiting runs says nothing about them. */
  #remember(window: RunWindow, waiting: Waiting | undefined): void {
    const known = this.#waiting;
    const saw =
      known === undefined || window.endedAfter === undefined || window.endedAfter.getTime() <= known.oldestEnd;
    if (saw) this.#waiting = waiting;
    else if (waiting !== undefined) this.#waiting = earliest(known, waiting);
  }

  #due(seconds: number): Sweep {
    // A clock that was set back must not postpone a sweep for as long as it was set back.
    const isDue = (last: number, every: number): boolean => seconds - last >= every || seconds < last;
    if (!this.#settled || isDue(this.#lastCold, this.#settings.cold_every_seconds)) return 'cold';
    return isDue(this.#lastWarm, this.#settings.warm_every_seconds) ? 'warm' : 'hot';
  }
}

/** Of two groups of waiting runs, as one. */
export function earliest(a: Waiting, b: Waiting): Waiting {
  return { nextTryAt: Math.min(a.nextTryAt, b.nextTryAt), oldestEnd: Math.min(a.oldestEnd, b.oldestEnd) };
}

function latest(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

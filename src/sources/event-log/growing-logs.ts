import { getHeapStatistics } from 'node:v8';
import { GrowingReplay } from '../../eventlog/replay/growing-replay.ts';
import type { Growth } from './replay-task.ts';

/** How many replays a thread keeps; each holds what a run amounts to so far, kilobytes to some megabytes. */
export const MAX_GROWING = 64;
/** They are given up when objects take more than this share of the thread's memory. */
const MAX_HEAP_SHARE = 0.5;

/**
 * The replays of one thread that can be continued, used last first to go last.
 *
 * They are a shortcut only: where one is missing, the log is replayed from its first line.
 */
export class GrowingLogs {
  readonly #replays = new Map<string, { readonly headMark: string; readonly replay: GrowingReplay }>();
  readonly #heapShare: () => number;

  constructor(heapShare: () => number = usedHeapShare) {
    this.#heapShare = heapShare;
  }

  /** The replay that was begun, or a new one where the log is another one. */
  take({ key, headMark }: Growth): GrowingReplay {
    const known = this.#replays.get(key);
    this.#replays.delete(key);
    return known?.headMark === headMark ? known.replay : new GrowingReplay();
  }

  /**
   * Keeps a replay after a reading.
   *
   * @returns the keys that are kept now
   */
  keep({ key, headMark, isLast }: Growth, replay: GrowingReplay): readonly string[] {
    if (this.#heapShare() > MAX_HEAP_SHARE) this.#replays.clear();
    else if (!isLast) this.#replays.set(key, { headMark, replay });
    for (const oldest of this.#replays.keys()) {
      if (this.#replays.size <= MAX_GROWING) break;
      this.#replays.delete(oldest);
    }
    return [...this.#replays.keys()];
  }
}

function usedHeapShare(): number {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  return used / limit;
}

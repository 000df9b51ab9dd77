/** Something that ran, in milliseconds after the start of its run. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** How much of a moment it claims where several run at once: the tasks it has running on average. */
  readonly weight: number;
}

export interface Slots {
  readonly from: number;
  readonly to: number;
  readonly slots: number;
}

/** A run's time, cut so that every moment is counted once. */
export interface WallClock {
  /** Before anything ran. */
  readonly startMs: number;
  /** Between and after: nothing ran, so only the driver can have worked. */
  readonly driverMs: number;
  /** By span: its part of the clock. Where several ran at once they share by weight. */
  readonly spanMs: readonly number[];
  /** By span: the slots there were on average during its part; 0 where it has none. */
  readonly spanSlots: readonly number[];
}

/** Of a stage that did nothing measurable: it counts where it runs alone. */
const LEAST_WEIGHT = 1e-6;

/**
 * Cuts a run's time into start, driver and the spans that ran: the parts add up to the duration exactly.
 *
 * @param durationMs - what lies outside of 0 … duration is cut off
 */
export function cutWallClock(durationMs: number, spans: readonly Span[], slots: readonly Slots[]): WallClock {
  const clipped = spans.map(({ start, end, weight }) => ({
    start: clamp(start, durationMs),
    end: clamp(end, durationMs),
    weight: Math.max(weight, LEAST_WEIGHT),
  }));
  const spanMs = new Array<number>(spans.length).fill(0);
  const slotMs = new Array<number>(spans.length).fill(0);
  const first = Math.min(durationMs, ...clipped.filter(({ start, end }) => end > start).map(({ start }) => start));
  let driverMs = 0;
  for (const { from, to, running, alive } of moments(durationMs, clipped, slots)) {
    const length = to - from;
    if (running.size === 0) {
      if (from >= first) driverMs += length;
      continue;
    }
    let weights = 0;
    for (const i of running) weights += clipped[i]?.weight ?? 0;
    for (const i of running) {
      const part = (length * (clipped[i]?.weight ?? 0)) / weights;
      spanMs[i] = (spanMs[i] ?? 0) + part;
      slotMs[i] = (slotMs[i] ?? 0) + part * alive;
    }
  }
  return {
    startMs: first,
    driverMs,
    spanMs,
    spanSlots: spanMs.map((ms, i) => (ms > 0 ? (slotMs[i] ?? 0) / ms : 0)),
  };
}

interface Moment {
  readonly from: number;
  readonly to: number;
  /** Indices of spans; the same set is changed from moment to moment. */
  readonly running: ReadonlySet<number>;
  readonly alive: number;
}

/** The stretches between two times at which anything begins or ends. */
function* moments(durationMs: number, spans: readonly Span[], slots: readonly Slots[]): Iterable<Moment> {
  const events: { readonly at: number; readonly apply: () => void }[] = [];
  const running = new Set<number>();
  let alive = 0;
  for (const [i, { start, end }] of spans.entries()) {
    if (end <= start) continue;
    events.push({ at: start, apply: () => running.add(i) }, { at: end, apply: () => running.delete(i) });
  }
  for (const { from, to, slots: count } of slots) {
    events.push({ at: clamp(from, durationMs), apply: () => (alive += count) });
    events.push({ at: clamp(to, durationMs), apply: () => (alive -= count) });
  }
  events.sort((a, b) => a.at - b.at);
  let time = 0;
  for (const { at, apply } of events) {
    if (at > time) yield { from: time, to: at, running, alive };
    time = at;
    apply();
  }
  if (durationMs > time) yield { from: time, to: durationMs, running, alive };
}

function clamp(time: number, durationMs: number): number {
  return Math.min(Math.max(time, 0), durationMs);
}

import { normalQuantile } from '../regression/distributions.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How long a candidate would run, in milliseconds. */
export interface Estimate {
  readonly durationMs: number;
  /** Holds one further run with that probability; `undefined` where too little is known to say. */
  interval(confidence: number): Interval | undefined;
}

/**
 * The time a run stays below with that probability.
 *
 * One side of an interval: the end of the one that holds a share 2c − 1 is passed by a share 1 − c.
 */
export function upperMs(estimate: Estimate, confidence: number): number | undefined {
  return confidence <= 0.5 ? estimate.durationMs : estimate.interval(2 * confidence - 1)?.high;
}

/** An estimate whose logarithm is normal. */
export function logNormal(durationMs: number, logSd: number): Estimate {
  return {
    durationMs,
    interval(confidence) {
      const factor = Math.exp(normalQuantile((1 + confidence) / 2) * logSd);
      return { low: durationMs / factor, high: durationMs * factor };
    },
  };
}

/** What a prediction rests on, from least to most. */
export type Evidence =
  /** This log alone, on hosts of which nothing is known. */
  | 'one-log'
  /** This log, and the measured effects of size on executors like these. */
  | 'effects'
  /** Also runs of the same application at other sizes. */
  | 'own-sizes';

interface Spread {
  /** Half-width, in the logarithm of the time, at the source's own size: what repeating a run changes. */
  readonly same: number;
  /** And what each doubling or halving of the slots adds. */
  readonly perDoubling: number;
}

/**
 * Half-widths that covered 9 of 10 real reruns, each application predicted without anything learnt from itself
 * (docs/simulation.md has the table).
 */
const SPREADS: Readonly<Record<Evidence, Spread>> = {
  'one-log': { same: 0.065, perDoubling: 0.06 },
  effects: { same: 0.065, perDoubling: 0.03 },
  'own-sizes': { same: 0.065, perDoubling: 0.01 },
};

/** Tasks rebuilt from quantiles: their order is guessed, and cold tasks cannot be told from warm ones. */
const QUANTILES_FACTOR = 1.1;

export interface RangeInput {
  readonly durationMs: number;
  /** What the run would take under other readings of what it does not tell. */
  readonly otherReadingsMs: readonly number[];
  readonly evidence: Evidence;
  readonly fromQuantiles: boolean;
  readonly sourceSlots: number;
  readonly slots: number;
  /** Error of the replay at the source's own size, as a ratio. */
  readonly selfCheckError: number;
}

/** The times between which 9 of 10 reruns are expected. */
export function predictionRange(input: RangeInput): { readonly lowMs: number; readonly highMs: number } {
  const spread = SPREADS[input.evidence];
  const doublings = Math.abs(Math.log2(input.slots / input.sourceSlots));
  const calibrated = (spread.same + spread.perDoubling * doublings) * (input.fromQuantiles ? QUANTILES_FACTOR : 1);
  const selfCheck = Math.abs(input.selfCheckError) > LARGE_SELF_CHECK_ERROR ? Math.abs(input.selfCheckError) : 0;
  const factor = Math.exp(calibrated + selfCheck);
  const readings = [input.durationMs, ...input.otherReadingsMs];
  return { lowMs: Math.min(...readings) / factor, highMs: Math.max(...readings) * factor };
}

/** Above this the replay's error at the source's own size is told, and widens the range. */
export const LARGE_SELF_CHECK_ERROR = 0.05;
/** Above this nothing is predicted. */
export const REFUSED_SELF_CHECK_ERROR = 0.15;

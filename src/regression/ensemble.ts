/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { independentScores, type Calibration } from './calibration.ts';
import type { Gaussian } from './gaussian-process.ts';
import type { FittedMember, Hyper, Member } from './members/member.ts';
import {
  LEAST_ROWS,
  axesOf,
  levelsOf,
  noveltyOf,
  rehearsals,
  type Axis,
  type Fold,
  type Levels,
  type Novelty,
  type Rehearsal,
} from './question.ts';
import { stack } from './stacking.ts';
import { seededRandom } from './random.ts';
import { shuffled, spread, subset, type SingleRun, type TrainingData } from './training-data.ts';

/** A member and the weight it has before any error is known. */
export interface Seat {
  readonly member: Member;
  readonly share: number;
  /** The share for values outside of the range seen, where members that follow a law are to be preferred; 0: not asked about unseen values. */
  readonly shareBeyond: number;
}

/** How one kind of question is answered. JSON. */
export interface Answering {
  readonly novelty: Novelty;
  readonly column: number;
  /** For values with about so many runs; 0: never seen. */
  readonly own: number;
  readonly distance: number;
  readonly weights: readonly number[];
  readonly calibration: Calibration;
  /** Root mean square of the combined error on left-out runs, in log units; mean absolute relative error. */
  readonly rmse: number;
  readonly mape: number;
}

/** Everything a search has found, so that the ensemble can be set up again without one. JSON. */
export interface EnsembleState {
  readonly members: readonly { readonly name: string; readonly hyper: Hyper }[];
  readonly answering: readonly Answering[];
}

/** The combined belief about a row. */
export interface Belief extends Gaussian {
  readonly answering: Answering;
  /** How much further outside the question is than what was rehearsed, 1 or more: errors grow with it. */
  readonly stretch: number;
}

export interface Ensemble {
  readonly state: EnsembleState;
  mean(x: Float64Array): number;
  belief(x: Float64Array): Belief;
}

/** Up to so many rows are left out one by one; more of them in fewer folds, since one row in ten then changes little. */
const ROWS_TO_LEAVE_OUT_SINGLY = 20;
const FOLDS = 10;
/** Members are fitted again without a group on at most this many rows: the scores are then a little too careful. */
const ROWS_TO_REHEARSE = 125;
/** Beyond this many times the rehearsed distance the members' own variance has to tell. */
const MOST_STRETCH = 3;
const LEAST_WEIGHT = 0.02;
/**
 * With so many rows hyper-parameters are found again without the runs that are left out, in a few steps from where they were.
 * Fewer rows tell too little of them, of more each single one sways them too little.
 */
const ROWS_TO_TUNE_AGAIN = [10, 60] as const;
const STEPS_TO_TUNE_AGAIN = 8;
/** From so many folds on each is answered with the weights that the others teach. */
const LEAST_FOLDS = 3;
/** With so many left-out runs the prior weights count as much as the errors. */
const PULL = 8;

/** Fits all members, and learns from left-out runs how to combine them for each kind of question. */
export function fitEnsemble(data: TrainingData, seats: readonly Seat[]): Ensemble {
  const seated = seats.filter(({ member }) => data.x.length >= member.minimumRows);
  const fitted = seated.map(({ member }) => member.fit(data));
  const sample = subset(data, spread(data.x.length, ROWS_TO_REHEARSE));
  const hyper = fitted.map((member) => member.hyper);

  const share = seated.map((seat) => seat.share);
  const known = learn(
    { novelty: 'known', column: -1, own: 0, distance: 0, folds: foldsOf(sample.x.length) },
    sample,
    seated,
    hyper,
    share,
    data.x.length,
  );
  const axes = surveyed(data);
  const others = rehearsals(sample, axes).map((rehearsal) => {
    const beyond = rehearsal.novelty !== 'inside';
    const prior = seated.map((seat, k) =>
      beyond || seat.shareBeyond === 0 ? seat.shareBeyond : 0.5 * known.weights[k]! + 0.5 * seat.share,
    );
    return learn(rehearsal, sample, seated, hyper, prior, data.x.length);
  });
  return assemble(data, fitted, {
    members: seated.map(({ member }, k) => ({ name: member.name, hyper: hyper[k]! })),
    answering: [known, ...others, ...unrehearsed(data, known, others, seated)],
  });
}

/**
 * Questions that could not be rehearsed, since too few values were seen: half way from the weights for known values
 * to those of members that follow a law. How much less sure they are is left to the members' own variance.
 */
function unrehearsed(
  data: TrainingData,
  known: Answering,
  others: readonly Answering[],
  seats: readonly Seat[],
): Answering[] {
  const beyond = normalised(seats.map((seat) => seat.shareBeyond));
  const weights = known.weights.map((weight, k) => (weight + beyond[k]!) / 2);
  const { calibration } = known;
  return axesOf(data.schema).flatMap((axis) => {
    if (others.some((other) => other.column === axis.column)) return [];
    const independent =
      data.x.length < LEAST_ROWS
        ? calibration.independent
        : Math.min(calibration.independent, aloneWithTheirValue(data, axis));
    return (['inside', 'below', 'above'] as const).map((novelty) => ({
      ...known,
      novelty,
      column: axis.column,
      weights,
      calibration: { ...calibration, independent },
    }));
  });
}

/** Left out singly, only rows whose value no other has tell of new values; of few rows, each is new in something. */
function aloneWithTheirValue({ x }: TrainingData, { valueOf }: Axis): number {
  const values = x.map(valueOf);
  return values.filter((value) => values.filter((other) => other === value).length === 1).length;
}

/** Sets an ensemble up again from its state and the rows it was fitted on. */
export function restoreEnsemble(
  data: TrainingData,
  state: EnsembleState,
  memberOf: (name: string) => Member,
): Ensemble {
  const restored = state.members.map(({ name, hyper }) => {
    const member = memberOf(name);
    return whenAsked(() => member.restore?.(data, hyper) ?? member.fit(data, hyper));
  });
  return assemble(data, restored, state);
}

/** A member that is set up when it is first asked: one without weight never is. */
function whenAsked(setUp: () => FittedMember): Pick<FittedMember, 'mean' | 'predict'> {
  let member: FittedMember | undefined;
  return {
    mean: (x) => (member ??= setUp()).mean(x),
    predict: (x) => (member ??= setUp()).predict(x),
  };
}

function assemble(
  data: TrainingData,
  fitted: readonly Pick<FittedMember, 'mean' | 'predict'>[],
  state: EnsembleState,
): Ensemble {
  const choose = chooser(state.answering, surveyed(data));
  return {
    state,
    mean: (x) => {
      const { weights } = choose(x).answering;
      return fitted.reduce((sum, member, k) => (weights[k]! > 0 ? sum + weights[k]! * member.mean(x) : sum), 0);
    },
    belief: (x) => {
      const chosen = choose(x);
      const { weights } = chosen.answering;
      const heard = fitted.flatMap((member, k) =>
        weights[k]! > 0 ? [{ weight: weights[k]!, belief: member.predict(x) }] : [],
      );
      return {
        ...combine(
          heard.map(({ weight }) => weight),
          heard.map(({ belief }) => belief),
        ),
        ...chosen,
      };
    },
  };
}

interface SurveyedAxis {
  readonly axis: Axis;
  readonly levels: Levels;
}

function surveyed(data: TrainingData): SurveyedAxis[] {
  return axesOf(data.schema).map((axis) => ({ axis, levels: levelsOf(data, axis) }));
}

/** The kind of a question: of several new values the one that was answered worst. */
function chooser(
  answering: readonly Answering[],
  axes: readonly SurveyedAxis[],
): (x: Float64Array) => { answering: Answering; stretch: number } {
  const known = answering[0]!;
  const surveyedAxes = axes.map(({ axis, levels }) => ({
    axis,
    levels,
    others: answering.filter(({ column }) => column === axis.column),
  }));
  return (x) => {
    let chosen = { answering: known, stretch: 1 };
    for (const { axis, levels, others } of surveyedAxes) {
      const { novelty, distance, own } = noveltyOf(levels, axis.valueOf(x), axis.named);
      if (novelty === 'known') continue;
      const fitting = others.filter((other) => other.novelty === novelty);
      const candidate = fitting.find((other) => other.own > 0 === own > 0) ?? fitting[0];
      if (candidate === undefined) continue;
      const stretch = candidate.distance > 0 ? Math.min(MOST_STRETCH, Math.max(1, distance / candidate.distance)) : 1;
      if (chosen.answering === known || candidate.rmse * stretch > chosen.answering.rmse * chosen.stretch)
        chosen = { answering: candidate, stretch };
    }
    return chosen;
  };
}

function learn(
  rehearsal: Rehearsal,
  data: TrainingData,
  seats: readonly Seat[],
  hyper: readonly Hyper[],
  shares: readonly number[],
  rows: number,
): Answering {
  const prior = normalised(shares);
  const asked = prior.flatMap((share, k) => (share > 0 ? [k] : []));
  const pick = <T>(values: readonly T[]): T[] => asked.map((k) => values[k]!);
  const beliefs = leaveOut(data, rehearsal.folds, pick(seats), pick(hyper), rehearsal.novelty === 'known');
  const errors = beliefs.map(({ y, of }) => of.map(({ mean }) => mean - y));
  const weigh = (some: readonly (readonly number[])[]): number[] =>
    withoutTrifles(some.length === 0 ? pick(prior) : stack(some, pick(prior), PULL));
  const stacked = weigh(errors);
  const unseen = rehearsal.folds.map((_, fold) =>
    rehearsal.folds.length < LEAST_FOLDS ? stacked : weigh(errors.filter((_error, i) => beliefs[i]!.fold !== fold)),
  );
  const combined = beliefs.map(({ row, fold, y, of }) => ({ ...combine(unseen[fold]!, of), row, fold, y }));
  const weights = prior.map((_, k) => stacked[asked.indexOf(k)] ?? 0);
  const scored = combined.map(({ mean, variance, y, row, fold }) => ({
    row,
    fold,
    score: (y - mean) / Math.sqrt(variance),
  }));
  const scores = scored.map(({ score }) => Math.abs(score)).sort((a, b) => a - b);
  const together = rehearsal.novelty === 'known' ? 'row' : 'fold';
  const independent = independentScores(
    [...Map.groupBy(scored, (each) => each[together]).values()].map((group) => group.map(({ score }) => score)),
  );
  const average = (of: (each: { mean: number; y: number }) => number): number =>
    combined.reduce((sum, each) => sum + of(each), 0) / Math.max(combined.length, 1);
  return {
    novelty: rehearsal.novelty,
    column: rehearsal.column,
    own: rehearsal.own,
    distance: rehearsal.distance,
    weights,
    calibration: { scores, independent, rows, found: tunedAgain(data) ? 0 : data.schema.features.length + 2 },
    rmse: Math.sqrt(average(({ mean, y }) => (mean - y) ** 2)),
    mape: average(({ mean, y }) => Math.abs(Math.exp(mean - y) - 1)),
  };
}

/** A run that was left out, and what each member believed of it. */
interface LeftOut {
  readonly row: number;
  readonly fold: number;
  readonly y: number;
  readonly of: readonly Gaussian[];
}

function tunedAgain({ x }: TrainingData): boolean {
  return x.length >= ROWS_TO_TUNE_AGAIN[0] && x.length <= ROWS_TO_TUNE_AGAIN[1];
}

/** What each member believes of runs it has not seen. With few rows its hyper-parameters are found again without them, for each run sways them. */
function leaveOut(
  data: TrainingData,
  folds: readonly Fold[],
  seats: readonly Seat[],
  hyper: readonly Hyper[],
  single: boolean,
): LeftOut[] {
  const steps = tunedAgain(data) ? STEPS_TO_TUNE_AGAIN : 0;
  const closed = seats.map(({ member }, k) =>
    single && steps === 0 ? withoutEachRow(data, member.fit(data, hyper[k])) : undefined,
  );
  const runs = drawnRuns(data);
  return folds.flatMap(({ asked, withheld }, fold) => {
    const out = new Set([...asked, ...withheld]);
    const kept = subset(
      data,
      data.x
        .keys()
        .filter((i) => !out.has(i))
        .toArray(),
    );
    if (kept.x.length < 2) return [];
    const beliefs = seats.map(({ member }, k): Without => {
      if (closed[k] !== undefined) return closed[k];
      const fitted = member.fit(kept, hyper[k], steps);
      // The others of a fold were left out for its hyper-parameters alone.
      const alone = single && asked.length > 1 && fitted.leaveOneOut !== undefined;
      const each = alone ? withoutEachRow(data, member.fit(data, fitted.hyper)) : undefined;
      return each ?? ((_row, x) => fitted.predict(x));
    });
    return asked.flatMap((row) =>
      runs[row]!.map(({ x, y }) => ({ row, fold, y, of: beliefs.map((belief) => belief(row, x)) })),
    );
  });
}

/** What is believed of a run at `x` that stands behind a row, without the runs of that row. */
type Without = (row: number, x: Float64Array) => Gaussian;

/** What a member would believe of a run had it not seen the runs of its row; undefined where only fitting again can tell. */
function withoutEachRow({ x: rows }: TrainingData, { mean, leaveOneOut }: FittedMember): Without | undefined {
  const beliefs = leaveOneOut?.();
  if (beliefs === undefined) return undefined;
  return (row, x) => {
    const belief = beliefs[row]!;
    // A run that was joined with near ones is a little beside its row.
    return x === rows[row]! ? belief : { ...belief, mean: belief.mean + mean(x) - mean(rows[row]!) };
  };
}

/** Of the runs behind each row as many as there is room for, drawn without order: an interval is to hold runs, and rows are means of them. */
function drawnRuns({ runs }: TrainingData): SingleRun[][] {
  const room = Math.max(1, Math.floor(ROWS_TO_REHEARSE / runs.length));
  const random = seededRandom(runs.length);
  return runs.map((all) => {
    const left = [...all];
    return Array.from(
      { length: Math.min(room, all.length) },
      () => left.splice(Math.floor(random() * left.length), 1)[0]!,
    );
  });
}

/** Every row once: alone, or with others drawn without order. */
function foldsOf(n: number): Fold[] {
  const order = shuffled(n);
  const count = n <= ROWS_TO_LEAVE_OUT_SINGLY ? n : FOLDS;
  return Array.from({ length: count }, (_, k) => ({
    asked: order.filter((_row, at) => at % count === k),
    withheld: [],
  }));
}

/** One Gaussian with the mean and variance of the weighted mixture. */
function combine(weights: readonly number[], beliefs: readonly Gaussian[]): Gaussian {
  const mean = beliefs.reduce((sum, belief, k) => sum + weights[k]! * belief.mean, 0);
  const variance = beliefs.reduce(
    (sum, belief, k) => sum + weights[k]! * (belief.variance + (belief.mean - mean) ** 2),
    0,
  );
  return { mean, variance };
}

/** A member that has hardly a say is not asked: it costs as much as the others. */
function withoutTrifles(weights: readonly number[]): number[] {
  return normalised(weights.map((weight) => (weight < LEAST_WEIGHT ? 0 : weight)));
}

function normalised(shares: readonly number[]): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

import { createHash } from 'node:crypto';
import type { CausePart } from '../comparison/compare-runs.ts';
import { documentId, type RunKey } from '../documents/run-key.ts';

/** Why a run was slow, as far as a comparison and the findings tell. */
export interface LikelyCause {
  /** The normal run it was compared with. */
  readonly comparedWith: string;
  readonly changeMs: number;
  /** What made it slower, largest first. */
  readonly causes: readonly CausePart[];
  /** Findings of moderate severity and above that the normal run does not have: `severe: task-skew (stage 3)`. */
  readonly newFindings: readonly string[];
}

/** A run that took longer than the runs before it lead one to expect. */
export interface SlowRun {
  readonly type: 'run';
  readonly cluster: string;
  readonly tag: string;
  readonly run: string;
  /** ISO 8601. */
  readonly endedAt: string;
  readonly durationMs: number;
  readonly inputBytes: number;
  readonly expectedMs: number;
  /** Up to here it would have been normal. */
  readonly highMs: number;
  /** Runs the expectation rests on. */
  readonly runsBefore: number;
  readonly ratio: number;
  /** Absent where there is nothing to compare with. */
  readonly likelyCause?: LikelyCause | undefined;
}

/** A change of level, for better or worse, normalised by input size. */
export interface LevelShift {
  readonly type: 'shift';
  readonly cluster: string;
  readonly tag: string;
  /** The first run of the new level, and when it ended. */
  readonly run: string;
  readonly endedAt: string;
  /** The last run of the old level. */
  readonly after: string;
  /** New level / old level. */
  readonly ratio: number;
  readonly runsBefore: number;
  readonly runsAfter: number;
  readonly pValue: number;
  readonly likelyCause?: LikelyCause | undefined;
}

/** How an application stands now. */
export interface SeriesState {
  readonly type: 'series';
  readonly cluster: string;
  readonly tag: string;
  readonly runs: number;
  readonly newestRun: string;
  readonly newestEnd: string;
  readonly verdict: 'normal' | 'slower' | 'unknown';
  /** What a run like the newest is expected to take; absent with too few runs. */
  readonly baseline?:
    | {
        readonly expectedMs: number;
        readonly highMs: number;
        readonly spreadRatio: number;
        readonly sizeExponent: number;
      }
    | undefined;
}

export type RegressionEvent = SlowRun | LevelShift;
export type KeptSeries = RegressionEvent | SeriesState;

/** All documents of one application begin with this. */
export function seriesPrefix(cluster: string, tag: string): string {
  return `${part(tag)}~${part(cluster)}~`;
}

export function tagPrefix(tag: string): string {
  return `${part(tag)}~`;
}

export function eventId(tag: string, type: RegressionEvent['type'], key: RunKey): string {
  return `${seriesPrefix(key.cluster, tag)}${type}~${documentId(key)}`;
}

export function stateId(cluster: string, tag: string): string {
  return `${seriesPrefix(cluster, tag)}series`;
}

/** A kept body as what it was; `undefined` for what this Spot does not know. */
export function readKeptSeries(body: unknown): KeptSeries | undefined {
  if (typeof body !== 'object' || body === null || !('type' in body)) return undefined;
  return body.type === 'run' || body.type === 'shift' || body.type === 'series' ? (body as KeptSeries) : undefined;
}

const MOST_CHARACTERS = 200;

/** A part of an id: `~` separates, and a name may be as long as it likes. */
function part(name: string): string {
  const escaped = encodeURIComponent(name.toWellFormed()).replaceAll('~', '%7E');
  if (escaped.length <= MOST_CHARACTERS) return escaped;
  return `${escaped.slice(0, MOST_CHARACTERS)}%${createHash('sha256').update(name).digest('hex')}`;
}

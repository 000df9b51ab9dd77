import type { Estimate } from './estimate.ts';
import type { Configuration } from './history-run.ts';

/** On what a suggestion rests, from most to least. */
export type StepName = 'model' | 'similar' | 'simulation' | 'rules';

export interface Candidate {
  readonly configuration: Configuration;
  /** Absent where nothing says how long it would take. */
  readonly estimate?: Estimate | undefined;
  /** Why it is what it is where the reasons of its step do not say, by the field of the answer. */
  readonly reasons?: Readonly<Record<string, string>> | undefined;
}

/** The configurations to choose from, and what is known of them. */
export interface Step {
  readonly name: StepName;
  readonly candidates: readonly Candidate[];
  /** The configuration of the newest run, to compare with. */
  readonly usual?: Candidate | undefined;
  /** Why a value is what it is, by the field of the answer it explains. */
  readonly reasons: Readonly<Record<string, string>>;
  /** What should be known before relying on it. */
  readonly caveats: readonly string[];
  readonly basedOn: readonly BasedOn[];
  readonly sparkVersion?: string | undefined;
}

export interface BasedOn {
  readonly run: string;
  readonly application: string;
  readonly durationMs: number;
  readonly inputBytes: number;
  /** 1 for a run of the application itself. */
  readonly similarity: number;
}

/** Numbers of executors worth a thought: each about a third or a half more than the one before. */
const GRID = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024] as const;

/** Ascending, from `least` to `most`, with those that were seen. */
export function executorGrid(least: number, most: number, seen: readonly number[] = []): number[] {
  const all = [...new Set([...GRID, ...seen])].sort((a, b) => a - b);
  return all.filter((count) => count >= least && count <= most);
}

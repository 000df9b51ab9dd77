import type { RunDetail } from '../documents/run-detail.ts';

/** `unknown`: it spilled, and nothing tells which tasks did. */
export type Spill = 'none' | 'general' | 'skewed' | 'unknown';

/** What a run showed about its memory and partitions; a suggestion must not go against it. JSON. */
export interface Evidence {
  readonly spill: Spill;
  /** Executors or containers killed for their memory, and tasks that ran out of it. */
  readonly memoryFailures: number;
  /** Share of the run time of tasks that went into collecting garbage; absent without tasks. */
  readonly gcRatio?: number;
}

/**
 * Whether tasks spilled, and whether it was most of a stage's tasks or only a few large ones.
 *
 * @param run - its sum is always known; which tasks spilled only the stages of its event log tell
 */
export function spillOf(run: { readonly spilledBytes: number }, { stages }: Pick<RunDetail, 'stages'>): Spill {
  const spilled = stages.filter(({ sums }) => (sums['memoryBytesSpilled'] ?? 0) > 0);
  if (spilled.some(({ quantiles }) => (quantiles?.memoryBytesSpilled[3] ?? 0) > 0)) return 'general';
  if (spilled.some(({ quantiles }) => quantiles !== undefined)) return 'skewed';
  return spilled.length > 0 || run.spilledBytes > 0 ? 'unknown' : 'none';
}

/** The evidence of a run; without its detail only that it spilled is known. */
export function evidenceOf(
  run: { readonly spilledBytes: number },
  detail: Pick<RunDetail, 'stages' | 'failures'> | undefined,
): Evidence {
  const { stages = [], failures = [] } = detail ?? {};
  const sum = (name: string): number => stages.reduce((total, { sums }) => total + (sums[name] ?? 0), 0);
  const runTime = sum('executorRunTime');
  return {
    spill: spillOf(run, { stages }),
    memoryFailures: failures
      .filter(({ kind }) => kind === 'oom' || kind === 'container-killed')
      .reduce((total, { count }) => total + count, 0),
    ...(runTime > 0 ? { gcRatio: sum('jvmGcTime') / runTime } : {}),
  };
}

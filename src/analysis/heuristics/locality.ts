import { stagesSubject } from '../computed/stage-text.ts';
import { defineHeuristic, estimated, severityOf } from '../heuristic.ts';
import type { ListedStage, RunSpan } from '../inputs.ts';

/**
 * Finds stages whose slots stood empty while tasks waited for a place near their data.
 *
 * The share of non-local tasks alone says nothing (object stores have no place that is near), so the empty slots between
 * the stage's first and last launch are what counts, and only in stages that ran alone.
 */
export const locality = defineHeuristic({
  id: 'locality',
  title: 'Tasks do not wait for a place near their data',
  failureTitle: 'Slots stay empty while tasks wait for a local place',
  inputs: ['run', 'tasks', 'properties'],
  thresholds: {
    emptyShare: { low: 0.2, moderate: 0.3, severe: 0.5, critical: 0.7, unit: 'ratio' },
    nonLocalShare: { value: 0.15, unit: 'ratio' },
    leastTasks: { value: 50, unit: 'tasks' },
  },
  evaluate({ run, tasks: stages, properties }, { emptyShare, nonLocalShare, leastTasks }) {
    if (run.isLocal) return [];
    const found = stages.flatMap((stage) => {
      const { locality: counts, launchedTasks } = stage;
      const distant = (counts['RACK_LOCAL'] ?? 0) + (counts['ANY'] ?? 0);
      const near = (counts['PROCESS_LOCAL'] ?? 0) + (counts['NODE_LOCAL'] ?? 0);
      const isMixed = near > 0 && distant / Math.max(1, launchedTasks) >= nonLocalShare.value;
      if (!isMixed || launchedTasks < leastTasks.value || !ranAlone(stage, stages)) return [];
      return [{ stage, distant, ...emptySlots(stage, run) }];
    });
    const worst = found.toSorted((a, b) => b.waitedMs - a.waitedMs);
    const [first] = worst;
    if (first === undefined) return [];
    return [
      {
        severity: severityOf(first.share, emptyShare),
        subject: stagesSubject(worst.map(({ stage }) => stage)),
        facts: {
          stages: worst.map(({ stage }) => stage.stageId),
          nonLocalTasks: first.distant,
          tasks: first.stage.launchedTasks,
          emptySlotShare: first.share,
        },
        gain: estimated(
          0,
          worst.reduce((sum, { waitedMs }) => sum + waitedMs, 0),
        ),
        fix: {
          text: `Take the next free slot at once instead of waiting for a local one (spark.locality.wait is ${properties['spark.locality.wait'] ?? '3s, the default'}).`,
          set: { 'spark.locality.wait': '0s' },
        },
      },
    ];
  },
});

function ranAlone(stage: ListedStage, stages: readonly ListedStage[]): boolean {
  const [from, to] = [stage.submitted ?? 0, stage.completed ?? Infinity];
  return stages.every(
    (other) => other === stage || (other.completed ?? Infinity) <= from || (other.submitted ?? 0) >= to,
  );
}

/** Between the first and the last launch there was always a task to be launched. */
function emptySlots({ tasks }: ListedStage, { slots }: RunSpan): { readonly share: number; readonly waitedMs: number } {
  const [from, to] = [Math.min(...tasks.launch), Math.max(...tasks.launch)];
  const busy = tasks.launch.reduce(
    (sum, launch, i) => sum + Math.max(0, Math.min(to, launch + Math.max(0, tasks.duration[i] ?? 0)) - launch),
    0,
  );
  const share = to > from ? Math.max(0, 1 - busy / (slots * (to - from))) : 0;
  return { share, waitedMs: share * (to - from) };
}

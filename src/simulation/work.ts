import type { RunModel, StageNode } from './run-model.ts';

/**
 * Cuts the work of a stage into another number of tasks.
 *
 * The work is laid out in task order and cut at equal distances: more tasks split each measured one evenly, fewer
 * tasks take neighbours together, and a skew stays where it was. The sum is kept.
 */
export function recut(work: Float64Array, tasks: number): Float64Array {
  const pieces = new Float64Array(tasks);
  const ratio = work.length / tasks;
  for (let piece = 0; piece < tasks; piece++) {
    const from = piece * ratio;
    const to = from + ratio;
    for (let i = Math.floor(from); i < Math.min(work.length, Math.ceil(to)); i++) {
      pieces[piece] = (pieces[piece] ?? 0) + (work[i] ?? 0) * Math.max(0, Math.min(i + 1, to) - Math.max(i, from));
    }
  }
  return pieces;
}

/** How many tasks a stage would have on so many slots, where its width follows them. */
export function widthOn(slots: number, stage: StageNode, model: RunModel): number {
  return Math.max(1, Math.round((stage.runTimes.length * slots) / model.slots));
}

import { timing, type Remedy } from '../../simulation/remedies.ts';

/**
 * The tasks of some stages take a share less time each: for a cost that Spark tells per stage and not per task. The most
 * that could be saved.
 *
 * @param shareOf - by stage id, of the run time, 0 to 1; stages not in it stay as they are
 */
export function shorterTasks(id: string, shareOf: ReadonlyMap<number, number>): Remedy {
  return timing(
    id,
    ({ stageId }) => shareOf.has(stageId),
    'upper',
    ({ stageId, runTimes }) => runTimes.map((time) => time * (1 - Math.min(1, Math.max(0, shareOf.get(stageId) ?? 0)))),
  );
}

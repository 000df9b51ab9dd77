/**
 * Reasons that are no loss: dynamic allocation let the executor go, the driver ended it, or its host was decommissioned.
 *
 * Spark says "Executor killed by driver." of an idle one on a standalone cluster, and YARN "explicit termination request".
 */
const LET_GO =
  /idle|killed by driver|explicit termination|driver (?:command|request)|decommission|stopped|shut ?down|finished|exit code 0|code: 0\b/i;

export function isLetGo(removeReason: string): boolean {
  return LET_GO.test(removeReason);
}

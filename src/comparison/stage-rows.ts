import type { Cause, StageChange } from './attribute.ts';
import type { Matching } from './match.ts';
import type { TimedStage } from './run-clock.ts';

/** A stage of one or of both runs. */
export interface StageRow {
  /** Stage ids; absent where only the other run has it. */
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly name: string;
  /** The stage's own part of the run's time. */
  readonly beforeMs: number | null;
  readonly afterMs: number | null;
  readonly changeMs: number;
  /** What most of its change comes from; for a stage of one run `plan` or `failures`. */
  readonly cause: Cause;
}

/** All stages, largest change first. */
export function stageRows(stages: readonly StageChange[], { onlyBefore, onlyAfter }: Matching<TimedStage>): StageRow[] {
  const single = ({ stage, ownMs }: TimedStage, isAfter: boolean): StageRow => ({
    ...(isAfter ? { after: stage.stageId } : { before: stage.stageId }),
    name: stage.name,
    beforeMs: isAfter ? null : Math.round(ownMs),
    afterMs: isAfter ? Math.round(ownMs) : null,
    changeMs: Math.round(isAfter ? ownMs : -ownMs),
    cause: stage.attemptId > 0 ? 'failures' : 'plan',
  });
  const rows = [
    ...stages.map(({ before, after, changeMs, parts }): StageRow => ({
      before: before.stage.stageId,
      after: after.stage.stageId,
      name: after.stage.name,
      beforeMs: Math.round(before.ownMs),
      afterMs: Math.round(after.ownMs),
      changeMs: Math.round(changeMs),
      cause: mainCause(parts, changeMs),
    })),
    ...onlyBefore.map((timed) => single(timed, false)),
    ...onlyAfter.map((timed) => single(timed, true)),
  ];
  return rows.toSorted((a, b) => Math.abs(b.changeMs) - Math.abs(a.changeMs));
}

/** What pushes most in the direction in which the stage went. */
function mainCause(parts: StageChange['parts'], changeMs: number): Cause {
  const towards = (cause: Cause): number => parts[cause] * Math.sign(changeMs);
  return (Object.keys(parts) as Cause[]).reduce((best, cause) => (towards(cause) > towards(best) ? cause : best));
}

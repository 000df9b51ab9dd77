import type { StageDetail } from '../../documents/run-detail.ts';

/** `stage 3`, and the attempt where it is not the first. */
export function stageSubject({ stageId, attemptId }: StageDetail): string {
  return attemptId === 0 ? `stage ${stageId}` : `stage ${stageId}.${attemptId}`;
}

export function stageSpanMs({ submitted, completed }: StageDetail): number {
  return submitted === undefined || completed === undefined ? 0 : Math.max(0, completed - submitted);
}

/** The subject of a finding on several stages: the worst one stands for all. */
export function stagesSubject(worstFirst: readonly StageDetail[]): string {
  const [worst] = worstFirst;
  if (worst === undefined) return 'run';
  return worstFirst.length === 1 ? stageSubject(worst) : `${stageSubject(worst)} and ${worstFirst.length - 1} more`;
}

import type { RegressionEvent, SeriesState, SlowRun } from '../series/kept.ts';
import { subjectOf, type Observation } from './observation.ts';

/** A run that ended longer ago is history: a store that is filled for the first time calls nobody. */
const NEWS_MS = 48 * 3_600_000;

/** How an application stands: slow while its newest run is. @param event - of the newest run, when it was slow */
export function observeRegression(
  state: SeriesState,
  event: RegressionEvent | undefined,
  now: Date,
): Observation | undefined {
  const { cluster, tag, newestRun, newestEnd, verdict } = state;
  const subject = subjectOf('regression', cluster, tag);
  const facts = { cluster, tag, run: newestRun, endedAt: newestEnd };
  if (verdict === 'normal')
    return {
      status: 'fine',
      kind: 'regression',
      subject,
      words: {
        title: `${tag} is as fast as usual again`,
        text: `${newestRun} on ${cluster} took no longer than expected.`,
        facts,
      },
    };
  if (verdict !== 'slower' || event?.type !== 'run') return undefined;
  return {
    status: 'firing',
    kind: 'regression',
    subject,
    isOld: now.getTime() - Date.parse(newestEnd) > NEWS_MS,
    words: {
      title: `${tag} took ${percent(event.ratio)} longer than usual`,
      text: textOf(event),
      facts: { ...facts, durationMs: event.durationMs, expectedMs: event.expectedMs, ratio: event.ratio },
    },
  };
}

function textOf({ run, cluster, durationMs, expectedMs, runsBefore, likelyCause }: SlowRun): string {
  const lines = [
    `${run} on ${cluster} took ${seconds(durationMs)}; ${seconds(expectedMs)} were to be expected of its input by the ${runsBefore} runs before it.`,
  ];
  if (likelyCause !== undefined) {
    const { comparedWith, causes, newFindings } = likelyCause;
    lines.push(`Compared with ${comparedWith}:`);
    for (const { title, changeMs } of causes)
      lines.push(`  ${changeMs > 0 ? '+' : '-'}${seconds(Math.abs(changeMs))} ${title}`);
    for (const finding of newFindings) lines.push(`  new finding, ${finding}`);
    lines.push(`spot compare ${comparedWith} ${run}`);
  }
  return lines.join('\n');
}

function percent(ratio: number): string {
  return `${Math.round((ratio - 1) * 100)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

import type { AggregateDocument } from '../documents/documents.ts';
import { toRunRow } from '../documents/run-row.ts';
import { bytesText, durationText, percentText, timeText } from './units.ts';

const MS_PER_HOUR = 3_600_000;

/** One run on one screen: what it was, what it got, what it made of it. */
export function runFacts(document: AggregateDocument): string {
  const row = toRunRow(document);
  const { summary } = document.attempt.aggs;
  const number = (name: string): number | null => (typeof summary[name] === 'number' ? summary[name] : null);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Run', `${row.run} on ${row.cluster}${row.isFinalAttempt ? '' : ' (not the newest attempt)'}`],
    ['Name', row.name],
    ['User', row.user],
    ['Tag', row.tag],
    ['Spark', document.attempt.appSparkVersion],
    ['Started', timeText(row.startTime)],
    [
      'Ended',
      row.endTime === null ? 'no end was written: the driver was killed, or still runs' : timeText(row.endTime),
    ],
    ['Duration', show(row.durationMs, durationText)],
    ['Executors', `${row.executors}${row.executorCores === null ? '' : ` with ${row.executorCores} cores in all`}`],
    ['Core time allocated', show(row.allocatedCoreMs, (ms) => `${(ms / MS_PER_HOUR).toFixed(3)} core-hours`)],
    ['  of it unused', show(number('unused_core_cost'), (ms) => `${(ms / MS_PER_HOUR).toFixed(3)} core-hours`)],
    ['Core efficiency', show(row.coreEfficiencyRatio, percentText)],
    ['Speedup', show(row.estimatedSpeedup, (speedup) => `${speedup.toFixed(2)}× against one core`)],
    ['Time with stages running', show(number('parallel_part'), durationText)],
    ['Time in the driver alone', show(number('seq_part'), durationText)],
    ['Stages', String(document.attempt.aggs.stages.elements_count)],
    ['Input', show(row.inputBytes, bytesText)],
    ['Output', show(row.outputBytes, bytesText)],
    ['Shuffled', show(row.shuffleBytes, bytesText)],
    ['Spilled to disk', show(row.spilledBytes, bytesText)],
    ['Failed tasks', show(row.failedTasks, String)],
    ['Flags', row.flags.length === 0 ? undefined : row.flags.join(', ')],
  ];
  const shown = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined);
  const width = Math.max(...shown.map(([title]) => title.length));
  return shown.map(([title, text]) => `${title.padEnd(width)}  ${text}`).join('\n');
}

function show(value: number | null, text: (value: number) => string): string {
  return value === null ? 'not measured' : text(value);
}

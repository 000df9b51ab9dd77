import type { Configuration } from '../../setter/history-run.ts';
import type { Round, StopReason, TuningSession } from '../../tuning/session.ts';
import { table, type Column } from '../table.ts';
import { bytesText, durationText, percentText } from '../units.ts';

/** Where a session stands. */
export interface Standing {
  readonly best: Configuration;
  readonly bestMs: number;
  readonly baselineMs: number;
  readonly saved: number;
}

const ENDS: Readonly<Record<StopReason, string>> = {
  gain: 'nothing is expected to save enough to be worth a try',
  rounds: 'all rounds that were agreed on are done',
  setbacks: 'two rounds were setbacks',
  'no-candidate': 'nothing near the best is sure enough to stay within the tolerance',
  asked: 'it was asked to',
};

const COLUMNS: readonly Column<Round>[] = [
  { title: 'ROUND', align: 'right', cell: ({ round, kind }) => `${round}${kind === 'return' ? ' (back)' : ''}` },
  { title: 'CONFIGURATION', cell: ({ configuration }) => configurationText(configuration) },
  { title: 'INPUT', align: 'right', cell: ({ trial, inputBytes }) => bytesText(trial.inputBytes ?? inputBytes) },
  { title: 'AT MOST', align: 'right', cell: ({ upperMs }) => durationText(upperMs) },
  { title: 'START', align: 'right', cell: ({ baselineMs }) => durationText(baselineMs) },
  {
    title: 'TOOK',
    align: 'right',
    cell: ({ trial }) => (trial.durationMs === undefined ? undefined : durationText(trial.durationMs)),
  },
  { title: 'VERDICT', cell: ({ verdict }) => verdict },
  { title: 'RUN', cell: ({ trial }) => trial.run },
];

export function configurationText(configuration: Configuration): string {
  const { executors, coresPerExecutor, memoryMib, shufflePartitions } = configuration;
  return `${executors} × ${coresPerExecutor} cores, ${memoryMib} MiB, ${shufflePartitions} partitions`;
}

/** The whole session: its rounds, and what it has come to. */
export function statusText(session: TuningSession, standing: Standing, columns: number): string {
  const { tag, startedAt, settings, rounds, others, pending, stopped, baseline } = session;
  const objective = settings.objective === 'time' ? 'time' : 'cost';
  return [
    `${tag}: tuned for ${objective} since ${startedAt}, no round to be more than ${percentText(settings.tolerance)} slower than the start`,
    `Start: ${configurationText(baseline.configuration)}, ${durationText(baseline.durationMs)} for ${bytesText(baseline.inputBytes)} (${baseline.run})`,
    ...(rounds.length === 0 ? [] : ['', table(rounds, COLUMNS, columns), '']),
    ...(others.length === 0
      ? []
      : [
          `Runs with a configuration that was not proposed: ${others.length} (the newest ${othersText(others)}); they teach, but are no rounds.`,
        ]),
    bestText(session, standing),
    pending === undefined
      ? stopped === undefined
        ? `\`spot tune next ${tag}\` proposes round ${rounds.length + 1}.`
        : `Ended: ${ENDS[stopped.reason]}.`
      : `Round ${pending.round} waits for its run: ${configurationText(pending.configuration)}.`,
  ].join('\n');
}

function othersText(others: TuningSession['others']): string {
  const newest = others.at(-1);
  return newest === undefined ? '' : `${newest.run}, ${configurationText(newest.configuration)}`;
}

/** The proposal, and why it is safe; or that there is none any more. */
export function nextText(session: TuningSession, standing: Standing): string {
  const { pending, stopped, settings } = session;
  if (pending === undefined) {
    const end = stopped === undefined ? '' : ` (${ENDS[stopped.reason]})`;
    return `Tuning has ended${end}. ${bestText(session, standing)}`;
  }
  const { round, kind, configuration, inputBytes, expectedMs, upperMs, baselineMs, expectedGain } = pending;
  const why =
    kind === 'return'
      ? 'the best known again, because the last round was a setback'
      : `expected to save ${percentText(expectedGain)} of the best so far`;
  return [
    `Round ${round} of ${settings.maxRounds} for ${bytesText(inputBytes)} of input: ${why}.`,
    `${configurationText(configuration)}: about ${durationText(expectedMs)}, with ${percentText(settings.confidence)} at most ${durationText(upperMs)}; the start takes ${durationText(baselineMs)}.`,
    bestText(session, standing),
  ].join('\n');
}

function bestText({ settings }: TuningSession, { best, bestMs, saved }: Standing): string {
  const what = settings.objective === 'time' ? 'time' : 'cost';
  return `Best so far: ${configurationText(best)}, ${durationText(bestMs)}; it saves ${percentText(Math.max(0, saved))} of the ${what} of the start.`;
}

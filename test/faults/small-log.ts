import { readFileSync } from 'node:fs';
import { START } from '../support/memory-source.ts';

/** 17 kB that a real Spark wrote: one job of eight tasks; its application has attempts. */
const LOG = readFileSync(new URL('../fixtures/event-logs/codecs/app', import.meta.url), 'utf8');
const APP_ID = 'local-1426533911241';

export interface SmallLogOptions {
  /** In seconds after {@link START}. */
  readonly startsAt: number;
  /** Absent for a run that goes on, or was killed. */
  readonly endsAt?: number | undefined;
  /** Default: 1. */
  readonly attemptId?: string;
}

/** A log of a real Spark that says it is of this application, and when that was. */
export function smallLog(appId: string, { startsAt, endsAt, attemptId = '1' }: SmallLogOptions): string {
  const at = (seconds: number): string => String(START + seconds * 1000);
  const begun = LOG.replaceAll(APP_ID, appId)
    .replace(/("SparkListenerApplicationStart".*?"Timestamp":)\d+/, (_, before: string) => before + at(startsAt))
    .replace(/("App Attempt ID":)"1"/, (_, before: string) => `${before}${JSON.stringify(attemptId)}`);
  const end = /(\{"Event":"SparkListenerApplicationEnd","Timestamp":)\d+(\}\n?)/;
  return begun.replace(end, (_, before: string, after: string) =>
    endsAt === undefined ? '' : before + at(endsAt) + after,
  );
}

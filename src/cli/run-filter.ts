import type { Command } from 'commander';
import type { RunFilter } from '../store/store.ts';
import { parseMoment } from './time-argument.ts';

export interface FilterOptions {
  readonly app?: string;
  readonly user?: string;
  readonly tag?: string;
  readonly cluster?: string;
  readonly since?: Date;
  readonly until?: Date;
}

/** The options by which every command that reads many runs chooses them. */
export function withRunFilter(command: Command): Command {
  const moment = (text: string): Date => parseMoment(text, new Date());
  return command
    .option('--app <id|name>', 'only this application, by id or name')
    .option('--user <user>', 'only runs of this Spark user')
    .option('--tag <tag>', 'only runs with this tag')
    .option('--cluster <name>', 'only runs of this cluster')
    .option('--since <time>', 'only runs that ended at or after it: 7d, 12h, 2026-11-01', moment)
    .option('--until <time>', 'only runs that ended at or before it', moment);
}

export function toRunFilter(options: FilterOptions): RunFilter {
  const { app, user, tag, cluster, since, until } = options;
  return { app, user, tag, cluster, endedAfter: since, endedBefore: until };
}

import type { Config } from '../config/read-config.ts';
import type { Logger } from '../logging/logger.ts';
import { eventLogsSection } from '../sources/event-log/config.ts';
import { EventLogSource } from '../sources/event-log/event-log-source.ts';
import { historyServerSection } from '../sources/history-server/config.ts';
import { HistoryServerSource } from '../sources/history-server/history-server-source.ts';
import type { RunSource } from '../sources/run-source.ts';
import { ConfigError } from '../util/errors.ts';

/**
 * Every source that the configuration names; without any, the History Server at its default address.
 *
 * @throws ConfigError `CONFIG_DUPLICATE_CLUSTER` when two sources would mix their application ids
 */
export async function openSources(config: Config, logger: Logger): Promise<readonly RunSource[]> {
  const eventLogs = config.instancesOf(eventLogsSection);
  const named = config.instancesOf(historyServerSection);
  const historyServers = named.length + eventLogs.length === 0 ? [config.of(historyServerSection)] : named;

  const sources: RunSource[] = [];
  for (const { label, settings } of historyServers) {
    sources.push(HistoryServerSource.open(settings, { logger, sectionName: label }));
  }
  for (const { label, settings } of eventLogs) {
    sources.push(await EventLogSource.open(settings, { logger, sectionName: label }));
  }
  refuseSharedNames(sources);
  return sources;
}

function refuseSharedNames(sources: readonly RunSource[]): void {
  const names = sources.map((source) => source.cluster);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new ConfigError(
    'CONFIG_DUPLICATE_CLUSTER',
    `Two sources are named ${twice}: give each its own name, as in [SPARK_HISTORY north], because applications of two clusters may have the same ids`,
  );
}

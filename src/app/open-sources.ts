import type { Config } from '../config/read-config.ts';
import type { Logger } from '../logging/logger.ts';
import { historyServerSection } from '../sources/history-server/config.ts';
import { HistoryServerSource } from '../sources/history-server/history-server-source.ts';
import type { RunSource } from '../sources/run-source.ts';
import { ConfigError } from '../util/errors.ts';

/**
 * Every source that the configuration names; without any, the History Server at its default address.
 *
 * @throws ConfigError `CONFIG_DUPLICATE_CLUSTER` when two sources would mix their application ids
 */
export function openSources(config: Config, logger: Logger): readonly RunSource[] {
  const historyServers = config.instancesOf(historyServerSection);
  const configured = historyServers.length === 0 ? [config.of(historyServerSection)] : historyServers;
  const sources = configured.map(({ label, settings }) =>
    HistoryServerSource.open(settings, { logger, sectionName: label }),
  );

  const names = sources.map((source) => source.cluster);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ConfigError(
      'CONFIG_DUPLICATE_CLUSTER',
      `Two sources are named ${twice}: give each its own name, as in [SPARK_HISTORY north], because applications of two clusters may have the same ids`,
    );
  }
  return sources;
}

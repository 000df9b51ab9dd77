import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { heuristicSection, thresholdsOf } from '../analysis/config.ts';
import { healthSection } from '../api/health/config.ts';
import { readConfig, type Config } from '../config/read-config.ts';
import { defineSection, type Section } from '../config/section.ts';
import { crawlerSection } from '../crawler/config.ts';
import { alertsSection } from '../integrations/alerts/config.ts';
import { historyServerSection } from '../sources/history-server/config.ts';
import { pricesSection } from '../money/config.ts';
import { modelsSection, platformSection } from '../setter/sections.ts';
import { tuningSection } from '../tuning/config.ts';
import { eventLogsSection } from '../sources/event-log/config.ts';
import { elasticsearchSection } from '../store/elasticsearch/config.ts';
import { ConfigError } from '../util/errors.ts';
import type { Environment } from './environment.ts';

/** Which store, when it is not named on the command line. */
export const storeSection = defineSection({
  name: 'STORE',
  about: 'Where the documents live. Without any setting it is an SQLite file, which needs nothing to be installed.',
  keys: {
    url: {
      type: 'string',
      default: '',
      about:
        'sqlite:PATH or elasticsearch:URL. When empty: Elasticsearch if [SPOT_ELASTICSEARCH] has an elasticsearch_url, else ' +
        'spot.sqlite in $STATE_DIRECTORY (systemd), $XDG_DATA_HOME/spot or ~/.local/share/spot.',
    },
    redaction_key: {
      type: 'secret',
      default: '',
      about:
        'Secrets found in properties are replaced by a hash keyed with this text, so that equal secrets still look equal. ' +
        'When empty, a key is made once and kept in the file redaction.key beside the default store.',
    },
  },
});

/** Sections of the original's file that Spot knows and does not use here. */
const miscSection = defineSection({
  name: 'MISC',
  about: 'Kept so that a configuration of the original Spot is accepted.',
  keys: {},
  ignored: { output_dir: 'Spot writes no files beside its store and its log' },
});

const LATER = 'this version of Spot does not ask it yet';

const menasSection = defineSection({
  name: 'MENAS',
  about: 'Kept so that a configuration of the original Spot is accepted.',
  keys: {},
  ignored: ignoring(LATER, 'api_base_url', 'menas_ssl_path', 'username', 'password', 'default_timezone'),
});

const yarnSection = defineSection({
  name: 'YARN',
  about: 'Kept so that a configuration of the original Spot is accepted.',
  keys: {},
  ignored: ignoring(
    LATER,
    'yarn_api_base_url',
    'yarn_clust_index',
    'yarn_apps_index',
    'yarn_scheduler_index',
    'yarn_sleep_seconds',
  ),
});

function ignoring(reason: string, ...keys: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(keys.map((key) => [key, reason]));
}

/** Every section of config.ini, in the order of the template. */
export const SECTIONS: readonly Section[] = [
  historyServerSection,
  eventLogsSection,
  crawlerSection,
  healthSection,
  storeSection,
  elasticsearchSection,
  pricesSection,
  platformSection,
  tuningSection,
  modelsSection,
  heuristicSection,
  alertsSection,
  miscSection,
  menasSection,
  yarnSection,
];

/**
 * Finds and reads the configuration: `--config FILE`, else `$SPOT_CONFIG`, else `config.ini` here, else
 * `/etc/spot/config.ini`, else the defaults.
 *
 * @throws ConfigError `CONFIG_NOT_FOUND` when a file was named and is not there, and as {@link readConfig} does
 */
export function loadConfig(named: string | undefined, environment: Environment): Config {
  const file =
    named ?? environment.env['SPOT_CONFIG'] ?? ['config.ini', '/etc/spot/config.ini'].find((path) => existsSync(path));
  const options = { env: environment.env, readSecretFile: (path: string) => readFileSync(path, 'utf8') };
  if (file === undefined) return readConfig('', SECTIONS, { ...options, file: 'the defaults' });
  if (!existsSync(file))
    throw new ConfigError(
      'CONFIG_NOT_FOUND',
      `There is no configuration file ${file}: copy config.ini.template to it, or leave --config out to use the defaults`,
    );
  const config = readConfig(readText(file), SECTIONS, { ...options, file });
  // Read for its errors: a bad threshold stops Spot here, not the first analysis.
  thresholdsIn(config);
  return config;
}

/** `[HEURISTIC id]`: the thresholds that the configuration sets. */
export function thresholdsIn(config: Config): ReturnType<typeof thresholdsOf> {
  return thresholdsOf(config.instancesOf(heuristicSection));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_NOT_FOUND', `${file} cannot be read: check its rights`, { cause });
  }
}

/** Where the embedded store is when nobody says: the service's state directory, else the user's data directory. */
export function defaultStorePath(env: Environment['env']): string {
  const folder =
    env['STATE_DIRECTORY'] ?? join(env['XDG_DATA_HOME'] ?? join(env['HOME'] ?? homedir(), '.local', 'share'), 'spot');
  return resolve(folder, 'spot.sqlite');
}

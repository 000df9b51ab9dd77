import { AlertBook, type Subscriber } from '../alerts/alert-book.ts';
import { alertsSection } from '../integrations/alerts/config.ts';
import { openChannels, wantedKinds, type AlertSettings } from '../integrations/alerts/open-channels.ts';
import type { Config } from '../config/read-config.ts';
import type { Logger } from '../logging/logger.ts';
import type { Store } from '../store/store.ts';
import type { Environment } from './environment.ts';

const MINUTE_MS = 60_000;

export interface Alerts {
  readonly subscribers: readonly Subscriber[];
  /** The soonest that any section asks for; 0 where none wants to be told. */
  readonly noNewRunsHours: number;
  readonly parkedHours: number;
}

/**
 * Everybody whom `[ALERTS]` names.
 *
 * @throws ConfigError `CONFIG_ALERTS`
 */
export function configuredAlerts(config: Config): Alerts {
  const sections = config.instancesOf(alertsSection).map(({ label, settings }) => ({
    settings,
    kinds: wantedKinds(label, settings),
    channels: openChannels(label, settings),
  }));
  const subscribers = sections.flatMap(({ settings, kinds, channels }) =>
    channels.map((channel): Subscriber => ({
      channel,
      kinds,
      cooldownMs: settings.cooldown_minutes * MINUTE_MS,
      giveUpMs: settings.give_up_hours * 60 * MINUTE_MS,
    })),
  );
  const soonest = (kind: 'no-new-runs' | 'parked', of: (settings: AlertSettings) => number): number => {
    const hours = sections
      .filter(({ kinds, channels }) => kinds.has(kind) && channels.length > 0)
      .map(({ settings }) => of(settings))
      .filter((value) => kind === 'parked' || value > 0);
    return hours.length === 0 ? 0 : Math.min(...hours);
  };
  return {
    subscribers,
    noNewRunsHours: soonest('no-new-runs', ({ no_new_runs_hours }) => no_new_runs_hours),
    parkedHours: soonest('parked', ({ parked_hours }) => parked_hours),
  };
}

export function openAlertBook(
  { subscribers }: Alerts,
  store: Store,
  { logger, environment }: { readonly logger: Logger; readonly environment: Environment },
): AlertBook {
  return new AlertBook({ store, subscribers, now: environment.now, logger });
}

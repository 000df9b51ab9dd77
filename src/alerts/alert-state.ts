import { createHash } from 'node:crypto';
import type { AlertKind, AlertMessage } from '../integrations/alert-channel.ts';
import type { Observation } from './observation.ts';

/** A message on its way: kept before it is sent, and taken away when it was. */
export interface Outgoing {
  readonly message: AlertMessage;
  /** Tries that failed. */
  readonly tries: number;
  /** ISO 8601. */
  readonly firstTryAt: string;
  readonly nextTryAt: string;
}

/** What one channel was told about one subject; kept in the store. */
export interface AlertState {
  readonly channel: string;
  readonly kind: AlertKind;
  readonly subject: string;
  readonly phase: 'firing' | 'recovered';
  /** When the phase began. */
  readonly since: string;
  readonly title: string;
  /** When the last alert (not a recovery) was handed over for delivery: the cool-down counts from it. */
  readonly alertedAt: string;
  readonly outgoing?: Outgoing | undefined;
  /** The last message that nobody took in `give_up_hours`. */
  readonly givenUpAt?: string | undefined;
}

export interface StepOptions {
  readonly channel: string;
  readonly cooldownMs: number;
  readonly now: Date;
}

/**
 * What an observation makes of the state: an alert when something begins, a recovery when what was told of is over, nothing else.
 *
 * What begins again within the cool-down is held back, and told of when that is over if it still lasts. An alert that is over before
 * it was ever tried to be delivered is told to nobody.
 *
 * @returns the same object when nothing changes
 */
export function step(
  state: AlertState | undefined,
  observation: Observation,
  { channel, cooldownMs, now }: StepOptions,
): AlertState | undefined {
  const at = now.toISOString();
  const { kind, subject, words } = observation;
  if (observation.status === 'firing') {
    if (state?.phase === 'firing' || observation.isOld === true) return state;
    if (state !== undefined && now.getTime() - Date.parse(state.alertedAt) < cooldownMs) return state;
    // A recovery that nobody took is overtaken: what counts is that it is there again.
    const outgoing = outgoingOf('firing', channel, observation, now);
    return { channel, kind, subject, phase: 'firing', since: at, title: words.title, alertedAt: at, outgoing };
  }
  if (state?.phase !== 'firing') return state;
  const recovered = { ...state, phase: 'recovered', since: at, title: words.title } as const;
  if (state.outgoing?.tries === 0) return { ...recovered, outgoing: undefined };
  return { ...recovered, outgoing: outgoingOf('recovered', channel, observation, now) };
}

/** Nothing of it matters any more: it is over, told of, and the cool-down has passed. */
export function isSettled({ phase, outgoing, alertedAt }: AlertState, cooldownMs: number, now: Date): boolean {
  return phase === 'recovered' && outgoing === undefined && now.getTime() - Date.parse(alertedAt) >= cooldownMs;
}

function outgoingOf(
  state: 'firing' | 'recovered',
  channel: string,
  { kind, subject, words }: Observation,
  now: Date,
): Outgoing {
  const at = now.toISOString();
  const dedupeKey = createHash('sha256')
    .update(JSON.stringify([channel, subject, state, at]))
    .digest('hex')
    .slice(0, 32);
  const { title, text, facts } = words;
  return {
    message: { dedupeKey, kind, subject, state, title, text, facts, at },
    tries: 0,
    firstTryAt: at,
    nextTryAt: at,
  };
}

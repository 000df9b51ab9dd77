import { createHash } from 'node:crypto';
import type { AlertChannel, AlertKind } from '../integrations/alert-channel.ts';
import type { Logger } from '../logging/logger.ts';
import type { KeptDocument, Store } from '../store/store.ts';
import { SpotError, toError } from '../util/errors.ts';
import { isSettled, step, type AlertState, type Outgoing } from './alert-state.ts';
import type { Observation } from './observation.ts';

/** A channel with what its section wants of it. */
export interface Subscriber {
  readonly channel: AlertChannel;
  readonly kinds: ReadonlySet<AlertKind>;
  readonly cooldownMs: number;
  readonly giveUpMs: number;
}

export interface AlertBookOptions {
  readonly store: Pick<Store, 'keep' | 'readKept' | 'findKept' | 'forget'>;
  readonly subscribers: readonly Subscriber[];
  readonly now: () => Date;
  readonly logger: Logger;
}

interface Page {
  readonly revision: number;
  readonly state: AlertState;
}

const FIRST_DELAY_MS = 15_000;
const LONGEST_DELAY_MS = 3_600_000;

/**
 * Who was told what, in the store, so that a restart neither repeats nor forgets.
 *
 * A message is kept before it is sent, and taken away when the receiver took it. Whoever is killed in between sends it once more, with the
 * same key: at least once, never lost. Of two processes on one store the one whose state was kept sends.
 */
export class AlertBook {
  readonly #options: AlertBookOptions;
  #pages: Map<string, Page> | undefined;

  constructor(options: AlertBookOptions) {
    this.#options = options;
  }

  /** Takes in how things stand. Nothing is sent yet. */
  async update(observations: readonly Observation[]): Promise<void> {
    const pages = await this.#open();
    for (const { channel, kinds, cooldownMs } of this.#options.subscribers) {
      for (const observation of observations) {
        if (!kinds.has(observation.kind)) continue;
        const id = pageId(channel.name, observation.subject);
        const state = step(pages.get(id)?.state, observation, {
          channel: channel.name,
          cooldownMs,
          now: this.#options.now(),
        });
        if (state !== undefined && state !== pages.get(id)?.state) await this.#write(id, state);
      }
    }
  }

  /**
   * Sends what is due, each message once; what fails is due again later. All channels at the same time: one that hangs holds up no other.
   *
   * @throws what the store throws, when all have ended
   */
  async deliver(signal: AbortSignal): Promise<void> {
    await this.#open();
    const ends = await Promise.allSettled(
      this.#options.subscribers.map((subscriber) => this.#deliverBy(subscriber, signal)),
    );
    for (const end of ends) if (end.status === 'rejected') throw toError(end.reason);
    await this.#tidy();
  }

  /** How everything stands that somebody was told of. */
  async states(): Promise<readonly AlertState[]> {
    return [...(await this.#open()).values()].map(({ state }) => state);
  }

  async #deliverBy(subscriber: Subscriber, signal: AbortSignal): Promise<void> {
    for (const [id, { state }] of [...(await this.#open())]) {
      if (state.channel !== subscriber.channel.name || state.outgoing === undefined) continue;
      if (signal.aborted) return;
      if (Date.parse(state.outgoing.nextTryAt) <= this.#options.now().getTime())
        await this.#send(id, state, state.outgoing, subscriber, signal);
    }
  }

  async #send(
    id: string,
    state: AlertState,
    outgoing: Outgoing,
    { channel, giveUpMs }: Subscriber,
    signal: AbortSignal,
  ): Promise<void> {
    const { now, logger } = this.#options;
    const about = { channel: channel.name, subject: state.subject, alert: outgoing.message.state };
    // Counted before it is sent: a try that was begun may have got through, whatever happens to us meanwhile.
    const tried = { ...outgoing, tries: outgoing.tries + 1, nextTryAt: laterBy(delayMs(outgoing.tries), now()) };
    if (!(await this.#write(id, { ...state, outgoing: tried }))) return;
    try {
      await channel.send(outgoing.message, { signal });
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toError(thrown);
      const code = error instanceof SpotError ? error.code : 'UNEXPECTED';
      const isOver = now().getTime() - Date.parse(outgoing.firstTryAt) >= giveUpMs;
      const fields = { ...about, code, reason: error.message, tries: tried.tries };
      if (isOver) {
        logger.error('An alert could not be delivered and is given up.', fields);
        await this.#write(id, { ...state, outgoing: undefined, givenUpAt: now().toISOString() });
        return;
      }
      const asked = error instanceof SpotError ? Number(error.details['retryAfterMs'] ?? 0) : 0;
      const nextTryAt = laterBy(Math.max(delayMs(outgoing.tries), asked), now());
      logger.warn('An alert could not be delivered, it will be tried again.', { ...fields, nextTry: nextTryAt });
      await this.#write(id, { ...state, outgoing: { ...tried, nextTryAt } });
      return;
    }
    logger.info('Alert delivered.', { ...about, title: outgoing.message.title });
    await this.#write(id, { ...state, outgoing: undefined });
  }

  async #tidy(): Promise<void> {
    const pages = await this.#open();
    const { subscribers, now, store } = this.#options;
    const cooldowns = new Map(subscribers.map(({ channel, cooldownMs }) => [channel.name, cooldownMs]));
    const settled = [...pages]
      .filter(([, { state }]) => isSettled(state, cooldowns.get(state.channel) ?? 0, now()))
      .map(([id]) => id);
    if (settled.length === 0) return;
    await store.forget('alert', settled);
    for (const id of settled) pages.delete(id);
  }

  async #open(): Promise<Map<string, Page>> {
    if (this.#pages !== undefined) return this.#pages;
    const pages = new Map<string, Page>();
    for await (const kept of this.#options.store.findKept('alert')) {
      const state = stateOf(kept);
      if (state !== undefined) pages.set(kept.id, { revision: kept.revision, state });
    }
    this.#pages = pages;
    return pages;
  }

  /** @returns false when somebody else was faster: what they kept is taken over, and is theirs to deliver */
  async #write(id: string, state: AlertState): Promise<boolean> {
    const { store, now } = this.#options;
    const pages = await this.#open();
    const revision = (pages.get(id)?.revision ?? 0) + 1;
    const [outcome] = await store.keep([{ kind: 'alert', id, revision, savedAt: now().toISOString(), body: state }]);
    if (outcome?.status === 'rejected') throw outcome.error;
    if (outcome?.status === 'saved') {
      pages.set(id, { revision, state });
      return true;
    }
    const theirs = await store.readKept('alert', id);
    const known = theirs && stateOf(theirs);
    if (theirs === undefined || known === undefined) pages.delete(id);
    else pages.set(id, { revision: theirs.revision, state: known });
    return false;
  }
}

/** 15 s, 30 s, 1 min, … up to an hour. */
function delayMs(tries: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(tries, 20), LONGEST_DELAY_MS);
}

function laterBy(ms: number, now: Date): string {
  return new Date(now.getTime() + ms).toISOString();
}

/** Subjects are as long as tags are. */
function pageId(channel: string, subject: string): string {
  const id = `${encodeURIComponent(channel)}~${subject}`;
  return id.length <= 400 ? id : `${id.slice(0, 300)}~${createHash('sha256').update(id).digest('hex')}`;
}

/** A kept body as what it was; `undefined` for what this Spot does not know. */
function stateOf({ body }: KeptDocument): AlertState | undefined {
  return typeof body === 'object' && body !== null && 'subject' in body && 'phase' in body
    ? (body as AlertState)
    : undefined;
}

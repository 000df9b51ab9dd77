import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import { AlertBook } from '../../src/alerts/alert-book.ts';
import type { Observation } from '../../src/alerts/observation.ts';
import type { AlertChannel, AlertMessage } from '../../src/integrations/alert-channel.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import type { Store } from '../../src/store/store.ts';
import { IntegrationError } from '../../src/util/errors.ts';
import { storeWith } from '../support/memory-runs.ts';

const START = Date.parse('2026-11-21T08:00:00Z');
const NEVER = new AbortController().signal;
const MINUTE_MS = 60_000;

const firing = (subject: string, isOld = false): Observation => ({
  status: 'firing',
  kind: 'regression',
  subject,
  isOld,
  words: { title: `${subject} is slow`, text: 'why', facts: { ratio: 2 } },
});
const fine = (subject: string): Observation => ({
  status: 'fine',
  kind: 'regression',
  subject,
  words: { title: `${subject} is well again`, text: '', facts: {} },
});

/** A channel whose receiver a test sets as it likes. */
class Receiver implements AlertChannel {
  readonly name: string;
  readonly sent: AlertMessage[] = [];
  /** Throws for what it does not take. */
  onSend: (message: AlertMessage) => void = () => undefined;

  constructor(name = 'webhook of [ALERTS]') {
    this.name = name;
  }

  async send(message: AlertMessage): Promise<void> {
    this.sent.push(message);
    await Promise.resolve();
    this.onSend(message);
  }

  get titles(): string[] {
    return this.sent.map(({ title }) => title);
  }
}

interface Bench extends AsyncDisposable {
  readonly store: Store;
  readonly receiver: Receiver;
  book: AlertBook;
  /** Minutes after START. */
  now: number;
  reopen(store?: Store): void;
  look(...observations: Observation[]): Promise<void>;
}

async function bench(cooldownMinutes = 60, receivers: readonly Receiver[] = [new Receiver()]): Promise<Bench> {
  const store = await storeWith([]);
  const open = (place: Store): AlertBook =>
    new AlertBook({
      store: place,
      subscribers: receivers.map((channel) => ({
        channel,
        kinds: new Set(['regression'] as const),
        cooldownMs: cooldownMinutes * MINUTE_MS,
        giveUpMs: 120 * MINUTE_MS,
      })),
      now: () => new Date(START + self.now * MINUTE_MS),
      logger: silentLogger,
    });
  const self: Bench = {
    store,
    receiver: receivers[0] ?? new Receiver(),
    book: open(store),
    now: 0,
    reopen(place = store) {
      self.book = open(place);
    },
    async look(...observations) {
      await self.book.update(observations);
      await self.book.deliver(NEVER);
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  return self;
}

const unreachable = (details: Readonly<Record<string, unknown>> = {}): never => {
  throw new IntegrationError('ALERT_UNDELIVERED', 'made by the test', { retryable: true, details });
};

describe('alerts/alert-book', () => {
  it('tells of a beginning once and of its end once, however often and after whatever restart it is looked at', async () => {
    await using it = await bench();
    for (let i = 0; i < 3; i += 1) await it.look(firing('a'));
    it.reopen();
    await it.look(firing('a'));
    expect(it.receiver.titles).to.deep.equal(['a is slow']);

    for (let i = 0; i < 3; i += 1) await it.look(fine('a'));
    it.reopen();
    await it.look(fine('a'));
    expect(it.receiver.titles).to.deep.equal(['a is slow', 'a is well again']);
    expect(it.receiver.sent.map(({ state }) => state)).to.deep.equal(['firing', 'recovered']);
  });

  it('says nothing of what was always fine, of what is not looked at, and of what began long ago', async () => {
    await using it = await bench();
    await it.look(fine('a'), firing('old', true));
    await it.look(firing('b'));
    await it.look();

    expect(it.receiver.titles).to.deep.equal(['b is slow']);
    expect((await it.book.states()).map(({ subject, phase }) => [subject, phase])).to.deep.equal([['b', 'firing']]);
  });

  it('holds back what comes back within the cool-down, and tells of it after that if it lasts', async () => {
    await using it = await bench(60);
    await it.look(firing('a'));
    it.now = 10;
    await it.look(fine('a'));
    it.now = 20;
    await it.look(firing('a'));
    it.now = 30;
    await it.look(fine('a'));
    it.now = 40;
    await it.look(firing('a'));
    expect(it.receiver.titles).to.deep.equal(['a is slow', 'a is well again']);

    it.now = 61;
    await it.look(firing('a'));
    expect(it.receiver.titles).to.deep.equal(['a is slow', 'a is well again', 'a is slow']);
    expect(new Set(it.receiver.sent.map(({ dedupeKey }) => dedupeKey)).size).to.equal(3);
  });

  it('tries again after 15 s, 30 s, 1 min, …, or when the receiver said, with the same key, and stops once it is taken', async () => {
    await using it = await bench();
    let refusals = 4;
    it.receiver.onSend = () => {
      if (refusals-- > 0) unreachable(refusals === 0 ? { retryAfterMs: 10 * MINUTE_MS } : {});
    };
    const tried: number[] = [];
    for (let quarter = 0; quarter <= 100; quarter += 1) {
      it.now = quarter / 4;
      const before = it.receiver.sent.length;
      await it.look(firing('a'));
      if (it.receiver.sent.length > before) tried.push(it.now * 60);
    }

    // Seconds: at once, +15, +30, +60, and ten minutes as asked.
    expect(tried).to.deep.equal([0, 15, 45, 105, 705]);
    expect(new Set(it.receiver.sent.map(({ dedupeKey }) => dedupeKey)).size).to.equal(1);
  });

  it('gives a message up after its time, and still tells of the next one', async () => {
    await using it = await bench(0);
    it.receiver.onSend = () => unreachable();
    for (it.now = 0; it.now <= 300; it.now += 1) await it.look(firing('a'));
    const tries = it.receiver.sent.length;
    expect(tries).to.be.within(5, 12);
    expect((await it.book.states())[0]).to.have.property('givenUpAt');

    it.receiver.onSend = () => undefined;
    await it.look(fine('a'));
    await it.look(firing('a'));
    expect(it.receiver.titles.slice(tries)).to.deep.equal(['a is well again', 'a is slow']);
  });

  it('one receiver that takes nothing holds up no other', async () => {
    const [broken, well] = [new Receiver('webhook of [ALERTS a]'), new Receiver('webhook of [ALERTS b]')];
    broken.onSend = () => unreachable();
    await using it = await bench(60, [broken, well]);
    await it.look(firing('a'), firing('b'));

    expect(well.titles).to.deep.equal(['a is slow', 'b is slow']);
    expect(broken.sent).to.have.length(2);
  });

  it('delivers by the others while one hangs', async () => {
    const [hanging, well] = [new Receiver('webhook of [ALERTS a]'), new Receiver('webhook of [ALERTS b]')];
    const held = Promise.withResolvers<undefined>();
    hanging.send = () => held.promise;
    await using it = await bench(60, [hanging, well]);
    await it.book.update([firing('a'), firing('b')]);
    const delivered = it.book.deliver(NEVER);
    while (well.sent.length < 2) await setImmediate();
    expect(well.titles).to.deep.equal(['a is slow', 'b is slow']);

    held.resolve(undefined);
    await delivered;
    expect((await it.book.states()).every(({ outgoing }) => outgoing === undefined)).to.equal(true);
  });

  it('tells nobody of what is over before it was ever tried, and of an end when the try may have got through', async () => {
    await using it = await bench();
    await it.book.update([firing('a')]);
    await it.look(fine('a'));
    expect(it.receiver.titles).to.deep.equal([]);

    it.receiver.onSend = () => unreachable();
    await it.look(firing('b'));
    it.receiver.onSend = () => undefined;
    await it.look(fine('b'));
    expect(it.receiver.titles).to.deep.equal(['b is slow', 'b is well again']);
  });

  it('killed between sending and noting it sends once more, with the same key', async () => {
    await using it = await bench();
    // The process dies at the moment the receiver has taken the message: nothing is kept any more.
    const dying = Object.assign(Object.create(it.store) as Store, {
      findKept: it.store.findKept.bind(it.store),
      readKept: it.store.readKept.bind(it.store),
      forget: it.store.forget.bind(it.store),
      keep: async (...args: Parameters<Store['keep']>) => {
        if (it.receiver.sent.length > 0) throw new Error('killed');
        return await it.store.keep(...args);
      },
    });
    it.reopen(dying);
    const death = await it.look(firing('a')).catch((error: unknown) => String(error));
    expect(death).to.equal('Error: killed');

    it.reopen();
    await it.look(firing('a'));
    expect(it.receiver.sent).to.have.length(1);
    it.now = 1;
    await it.look(firing('a'));
    it.reopen();
    it.now = 100;
    await it.look(firing('a'));
    expect(it.receiver.titles).to.deep.equal(['a is slow', 'a is slow']);
    expect(new Set(it.receiver.sent.map(({ dedupeKey }) => dedupeKey)).size).to.equal(1);
  });

  it('killed before sending sends after the start', async () => {
    await using it = await bench();
    await it.book.update([firing('a')]);
    it.reopen();
    await it.book.deliver(NEVER);

    expect(it.receiver.titles).to.deep.equal(['a is slow']);
  });

  it('two processes on one store send each message once', async () => {
    await using it = await bench();
    const first = it.book;
    it.reopen();
    const second = it.book;
    // Both have opened the empty book before either writes.
    await Promise.all([first.states(), second.states()]);
    for (const book of [first, second, first, second]) await book.update([firing('a')]);
    for (const book of [first, second, first, second]) await book.deliver(NEVER);
    it.now = 5;
    for (const book of [first, second, first, second]) await book.deliver(NEVER);

    expect(it.receiver.titles).to.deep.equal(['a is slow']);
  });

  it('forgets what is over, told of and beyond its cool-down', async () => {
    await using it = await bench(60);
    await it.look(firing('a'));
    await it.look(fine('a'));
    it.now = 59;
    await it.look();
    expect(await Array.fromAsync(it.store.findKept('alert'))).to.have.length(1);
    it.now = 60;
    await it.look();

    expect(await Array.fromAsync(it.store.findKept('alert'))).to.have.length(0);
  });
});

import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { openHistoryServer } from '../support/history-server-fixture.ts';
import { around } from './around.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext } from './simulated-daemon.ts';
import type { SimulatedClock } from './simulated-server.ts';
import { START } from '../support/memory-source.ts';

const NEVER = new AbortController().signal;
/** What makes a server work: each asks it to read a log, unless it has just read it. */
const QUESTIONS_OF_A_RUN = 3;
const MOST_AT_A_TIME = 2;
const MOST_WHEN_IDLE = 1;

/** What a server saw of a crawl of all it lists, and of some polls after it in which nothing had changed. */
interface Seen {
  readonly asked: readonly string[];
  readonly mostAtATime: number;
  readonly perIdlePoll: readonly number[];
}

/** Crawls so many applications, then polls; told is what the server counted. */
async function watchCrawl(
  applications: number,
  settings: Partial<CrawlContext['settings']> = {},
  changed: (store: Store) => Store = (store) => store,
): Promise<Seen> {
  await using server = await FakeHistoryServer.start();
  const { application, answers } = recordedRun('smoke-wordcount');
  for (let number = 0; number < applications; number++) server.put({ ...application, id: `app-${number}` }, answers);
  const inFlight = { now: 0, most: 0 };
  server.answerAll((request, response: ServerResponse) => {
    inFlight.now += 1;
    inFlight.most = Math.max(inFlight.most, inFlight.now);
    response.on('close', () => (inFlight.now -= 1));
    // A moment, so that requests that could meet do meet.
    setImmediate(() => {
      server.answer(request, response);
    });
  });
  await using source = openHistoryServer(server.url).source;
  await using store = await memoryStore();
  const [attempt] = application.attempts;
  const clock: SimulatedClock = { seconds: (attempt!.endTimeEpoch - START) / 1000 + 60 };
  const context = simulatedContext(source, changed(store), clock, settings);

  await crawlOnce([context], { signal: NEVER });
  const asked = server.requests.map(({ path }) => path).filter((path) => path.startsWith('/api/v1/applications/'));
  const perIdlePoll: number[] = [];
  const daemon = new SimulatedDaemon(context);
  for (let poll = 0; poll < 5; poll++, clock.seconds += 10) {
    const before = server.requests.length;
    await daemon.poll();
    perIdlePoll.push(server.requests.length - before);
  }
  await daemon.stop();
  return { asked, mostAtATime: inFlight.most, perIdlePoll };
}

/** What of R15 does not hold, in words. */
function complaints({ asked, mostAtATime, perIdlePoll }: Seen, applications: number): string[] {
  const wrong: string[] = [];
  if (new Set(asked).size !== QUESTIONS_OF_A_RUN * applications) wrong.push('not all of it was asked for');
  if (asked.length > new Set(asked).size) wrong.push('asked for the same twice');
  if (mostAtATime > MOST_AT_A_TIME) wrong.push('too much at a time');
  if (Math.max(...perIdlePoll) > MOST_WHEN_IDLE) wrong.push('busy when there is nothing to do');
  return wrong;
}

/** A store that says of everything that it does not hold it. */
function forgetful(store: Store): Store {
  return around(store, { readLedger: () => Promise.resolve(new Map()) });
}

describe('faults: kindness to the server', function () {
  this.timeout(inSoak(3_600_000, 30_000));

  const applications = inSoak(20_000, 300);
  it(`R15: of ${applications} applications at most ${MOST_AT_A_TIME} are asked for at a time, each thing once; a poll that finds nothing new costs one request`, async () => {
    expect(complaints(await watchCrawl(applications), applications)).to.deep.equal([]);
  });

  it('negative control: the server notices who reads all at once, and who does not know what it has stored', async () => {
    const few = 8;
    const hasty = await watchCrawl(few, { concurrency: few });
    const forgetting = await watchCrawl(few, {}, forgetful);

    expect(complaints(hasty, few)).to.deep.equal(['too much at a time']);
    expect(complaints(forgetting, few)).to.deep.equal(['asked for the same twice', 'busy when there is nothing to do']);
  });
});

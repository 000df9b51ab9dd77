import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { openHistoryServer } from '../support/history-server-fixture.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext } from './simulated-daemon.ts';
import type { SimulatedClock } from './simulated-server.ts';
import { START } from '../support/memory-source.ts';

const NEVER = new AbortController().signal;

describe('faults: kindness to the server', function () {
  this.timeout(inSoak(3_600_000, 30_000));

  const applications = inSoak(20_000, 300);
  it(`R15: of ${applications} applications at most 2 are asked for at a time, each thing once; a poll that finds nothing new costs one request`, async () => {
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
    const context = simulatedContext(source, store, clock);

    await crawlOnce([context], { signal: NEVER });

    const asked = server.requests.map(({ path }) => path).filter((path) => path.startsWith('/api/v1/applications/'));
    expect(asked).to.have.length(3 * applications);
    expect(new Set(asked).size).to.equal(3 * applications);
    expect(inFlight.most).to.be.at.most(2);

    const daemon = new SimulatedDaemon(context);
    for (let poll = 0; poll < 5; poll++, clock.seconds += 10) {
      const before = server.requests.length;
      await daemon.poll();
      expect(server.requests.length - before, `poll ${poll}`).to.equal(1);
    }
    await daemon.stop();
  });
});

import { expect } from 'chai';
import type { ErrorDocument } from '../../src/documents/documents.ts';
import { applicationOf, sourceFault } from '../support/memory-source.ts';
import { inSoak } from './scale.ts';
import { SimulatedServer } from './simulated-server.ts';
import {
  complaintsAbout,
  MOST_TRIES_A_DAY,
  spotsDaemon,
  stubbornCrawler,
  watchDays,
  type Crawler,
  type Days,
} from './watched-days.ts';

/** One of a hundred runs is bad, or none. */
async function crawledForDays(runs: number, share: 0.01 | 0, crawler: Crawler): Promise<Days> {
  const clock = { seconds: 0 };
  const source = new SimulatedServer(clock);
  source.onCall = (call, id) => {
    if (call === 'fetch' && id.startsWith('bad')) throw sourceFault('SOURCE_SERVER_ERROR');
  };
  const bring = (id: string, endsAt: number): void => {
    source.put(applicationOf(id, { endsAt }));
  };
  const options = {
    runs,
    days: inSoak(3, 1.1),
    pollSeconds: inSoak(60, 120),
    isBad: (number: number) => share > 0 && number % 100 === 50,
    // Longer where there are fewer of them.
    badAnswerSeconds: inSoak(2, 10),
  };
  return await watchDays({ clock, source, bring }, options, crawler);
}

describe('faults: runs that can never be read', function () {
  this.timeout(inSoak(3_600_000, 30_000));

  const runs = inSoak(10_000, 500);
  it(`R13: 1 % of ${runs} runs answers 500 for ever: the others are stored as soon as without them, each bad one is tried at most ${MOST_TRIES_A_DAY} times a day and has one error document`, async () => {
    const errors: ErrorDocument[] = [];
    const clean = await crawledForDays(runs, 0, spotsDaemon([]));
    const days = await crawledForDays(runs, 0.01, spotsDaemon(errors));

    expect(complaintsAbout(days, clean)).to.deep.equal([]);
    expect(errors.map(({ spot }) => spot.spark_app_id).sort()).to.deep.equal([...days.tries.keys()]);
    for (const { spot } of errors) {
      const count = days.tries.get(spot.spark_app_id)?.length;
      expect(spot.error, spot.spark_app_id).to.include({ code: 'SOURCE_SERVER_ERROR', count });
    }
  });

  it('negative control: a daemon that tries them at every poll is found out, and so is a crawler that reads nothing past a run that fails', async () => {
    const few = inSoak(2000, 500);
    const clean = await crawledForDays(few, 0, spotsDaemon([]));
    const eager = await crawledForDays(few, 0.01, spotsDaemon([], { retry_delay_seconds: 0 }));
    const stuck = await crawledForDays(few, 0.01, stubbornCrawler);

    expect(complaintsAbout(eager, clean)).to.deep.equal(['a bad one is tried too often', 'others are late']);
    expect(complaintsAbout(stuck, clean)).to.include.members(['a bad one is tried too often', 'others are lost']);
  });
});

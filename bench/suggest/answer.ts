/** In a process of its own: the CPU time of one answer, the first of the process, store opened and closed. */
import { suggest } from '../../src/app/suggest.ts';
import { expectOneAnswer } from '../../src/cli/one-answer.ts';
import { defaultsOf } from '../../src/config/section.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { pricesSection } from '../../src/money/config.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { measure } from '../support/child.ts';

const [path = '', tag = '', times = '1'] = process.argv.slice(2);
// As `spot suggest` does.
expectOneAnswer();
await measure(async () => {
  let candidates = 0;
  for (let i = 0; i < Number(times); i += 1) {
    const store = await SqliteStore.open({ path, access: 'read' }, silentLogger);
    const { num_executors, recommendation_method } = await suggest(store, {
      filter: { tag },
      inputBytes: (5 + i) * 2 ** 30,
      question: {
        priority: 'balanced',
        confidence: 0.9,
        slaMs: 3_600_000,
        limits: { platform: 'yarn', maxExecutors: 1000 },
      },
      prices: defaultsOf(pricesSection),
      minNewRuns: 5,
    });
    candidates = num_executors ?? 0;
    process.stderr.write(process.env['SPOT_BENCH_VERBOSE'] === undefined ? '' : `${recommendation_method}\n`);
    await store[Symbol.asyncDispose]();
  }
  return { executors: candidates };
});

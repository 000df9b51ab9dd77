import { expect } from 'chai';
import { startSession } from '../../src/tuning/advance.ts';
import { candidatesAround } from '../../src/tuning/candidates.ts';
import type { Configuration } from '../../src/setter/history-run.ts';
import { NOW, runOf, SETTINGS, START } from './sessions.ts';

/** Around 1 executor of 2 cores, 2048 MiB, 200 partitions, of which 100 MiB were ever used unless said otherwise. */
function around(spilledBytes: number, peakMemoryBytes: number | undefined = 100 * 2 ** 20): Configuration[] {
  const runs = [runOf('run-0', 600_000, {}, { spilledBytes, ...(peakMemoryBytes === 0 ? {} : { peakMemoryBytes }) })];
  return candidatesAround(START, startSession({ tag: 'etl', settings: SETTINGS, runs, now: NOW }));
}
const has = (of: readonly Configuration[], wanted: Partial<Configuration>): boolean =>
  of.some((each) =>
    Object.entries({ ...START, ...wanted }).every(([name, value]) => each[name as 'executors'] === value),
  );

describe('tuning/candidates', () => {
  it('are the steps of a factor of 0.5 to 2 in each setting, the start itself left out', () => {
    const candidates = around(0);

    // Executors 1, 2 (1.5 is 2 when rounded, 0.5 is 1); cores 1, 2, 3, 4 (0.7 is 1); memory 0.5, 0.7, 1, 1.5, 2; partitions 0.5, 0.7, 1, as 200
    // are far more than 4 waves of 8 slots: 120 less the start. Spill makes more partitions worth a thought: 200 less the start.
    expect(candidates).to.have.length(2 * 4 * 5 * 3 - 1);
    expect(has(candidates, {})).to.equal(false);
    expect(has(candidates, { executors: 2, coresPerExecutor: 4, memoryMib: 1024, shufflePartitions: 100 })).to.equal(
      true,
    );
  });

  it('after spill: not 512 MiB a core with 300 partitions, which is 1024 × 150 of room where 1024 × 200 was too little', () => {
    const wanted = { coresPerExecutor: 4, shufflePartitions: 300 };

    expect(has(around(1), wanted)).to.equal(false);
  });

  it('have 1024 MiB a core at least, as the one run had, when nobody measured how much of it was used', () => {
    const least = around(0, 0).map(({ memoryMib, coresPerExecutor }) => memoryMib / coresPerExecutor);

    expect(Math.min(...least)).to.equal(1024);
  });

  it('go down to 512 MiB a core, but not to 341, when 800 MiB of 2 cores were used at most: a quarter is to spare', () => {
    const least = around(0, 800 * 2 ** 20).map(({ memoryMib, coresPerExecutor }) => memoryMib / coresPerExecutor);

    // 1.25 × 800 / 2 = 500.
    expect(Math.min(...least)).to.equal(512);
  });

  it('after spill: 512 MiB a core with 400 partitions is as much room, and as much memory with fewer partitions may be tried', () => {
    expect(has(around(1), { coresPerExecutor: 4, shufflePartitions: 400 })).to.equal(true);
    expect(has(around(1), { shufflePartitions: 100 })).to.equal(true);
  });
});

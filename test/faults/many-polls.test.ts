import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { plainEnvironment, spotEnded } from '../support/run-spot.ts';
import type { Day, Memory } from './a-day-of-polls.ts';
import { inSoak, IS_SOAK } from './scale.ts';

const A_DAY_OF_POLLS = fileURLToPath(new URL('a-day-of-polls.ts', import.meta.url));
const MOST_GROWTH = 1.05;
const MOST_LEDGER_BYTES = 1024;

describe('faults: a day of polls', function () {
  this.timeout(inSoak(14_400_000, 60_000));

  async function pollFor(polls: number, every: number, ...options: readonly 'leak'[]): Promise<Day> {
    const args = ['--no-warnings', A_DAY_OF_POLLS, String(polls), String(every), ...options];
    const child = spawn(process.execPath, args, { env: plainEnvironment() });
    child.stdin.end();
    const { code, stdout, stderr } = await spotEnded(child);
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as Day;
  }

  const polls = inSoak(86_400, 1_200);
  const every = inSoak(1.5, 2);
  it(`R16: ${polls} polls, with a new run each ${every} s: all stored, memory flat within 5 % after the first quarter, at most 1 KiB of ledger for each`, async () => {
    const { runs, stored, afterQuarter, atEnd, moreHandles, ledgerBytesPerRun } = await pollFor(polls, every);

    console.log(
      `      after a quarter ${inMegabytes(afterQuarter)}, at the end ${inMegabytes(atEnd)}, ledger ${Math.round(ledgerBytesPerRun)} bytes for each of ${runs} runs`,
    );
    expect(stored).to.equal(runs);
    expect(atEnd.used / afterQuarter.used, `${afterQuarter.used} bytes, then ${atEnd.used}`).to.be.below(MOST_GROWTH);
    // In a short run what V8 has not given back yet is more than what Spot takes.
    if (IS_SOAK) expect(atEnd.resident / afterQuarter.resident).to.be.below(MOST_GROWTH);
    expect(moreHandles).to.be.at.most(0);
    expect(ledgerBytesPerRun).to.be.within(1, MOST_LEDGER_BYTES);
  });

  it('negative control: remembering 60 runs of each list makes memory grow by more than 5 %', async () => {
    const { afterQuarter, atEnd } = await pollFor(600, 2, 'leak');

    expect(atEnd.used / afterQuarter.used).to.be.above(MOST_GROWTH);
  });
});

function inMegabytes({ used, resident }: Memory): string {
  const [usedMb, residentMb] = [used, resident].map((bytes) => (bytes / 1024 ** 2).toFixed(1));
  return `${usedMb} MiB in use (${residentMb} resident)`;
}

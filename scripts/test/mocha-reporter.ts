import { writeFileSync } from 'node:fs';
import { reporters, Runner, type MochaOptions, type Test } from 'mocha';
import type { Counts } from './counts.ts';

/** Tests that take longer are worth knowing; so many of them are told. */
const SLOW_MS = 10_000;
const MOST_SLOW = 5;

/**
 * Mocha's reporter of `npm test`: tells what failed, at once and again at the end, what was skipped and what was slow;
 * the rest are numbers, written to the file that `--reporter-option counts=FILE` names. With `each=true` it tells each test
 * as it ends, for a soak that goes on for hours.
 */
class CountingReporter extends reporters.Base {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    const { counts: file, each } = (options.reporterOptions ?? {}) as { counts?: string; each?: string };
    const tellsEach = each === 'true';
    const skipped = new Map<string, number>();
    const slow: { title: string; ms: number }[] = [];

    runner.on(Runner.constants.EVENT_TEST_PASS, (test: Test) => {
      const ms = test.duration ?? 0;
      if (tellsEach) console.log(`    ✓ ${seconds(ms)}  ${test.fullTitle()}`);
      else if (ms > SLOW_MS) slow.push({ title: test.fullTitle(), ms });
    });
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test: Test) => {
      console.log(`    ✗ ${test.fullTitle()}`);
    });
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test: Test) => {
      const suite = test.parent?.fullTitle() ?? '';
      skipped.set(suite, (skipped.get(suite) ?? 0) + 1);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      for (const { title, ms } of slow.sort((left, right) => right.ms - left.ms).slice(0, MOST_SLOW)) {
        console.log(`    ${seconds(ms)}  ${title}`);
      }
      for (const [suite, count] of skipped) console.log(`    - skipped ${count} of ${suite}`);
      if (this.failures.length > 0) reporters.Base.list(this.failures);
      const { passes, failures, pending } = this.stats;
      const counts: Counts = { passed: passes, failed: failures, skipped: pending };
      if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
    });
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0).padStart(4)} s`;
}

// Mocha takes what require() returns for the reporter; under this name Node hands out the class itself.
export { CountingReporter as 'module.exports' };

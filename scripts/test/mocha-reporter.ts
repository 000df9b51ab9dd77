import { writeFileSync } from 'node:fs';
import { reporters, Runner, type MochaOptions, type Test } from 'mocha';
import type { Counts } from './counts.ts';

/**
 * Mocha's reporter of `npm test`: tells what failed, at once and again at the end, and what was skipped; the rest are
 * numbers, written to the file that `--reporter-option counts=FILE` names.
 */
class CountingReporter extends reporters.Base {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    const { counts: file } = (options.reporterOptions ?? {}) as { counts?: string };
    const skipped = new Map<string, number>();

    runner.on(Runner.constants.EVENT_TEST_FAIL, (test: Test) => {
      console.log(`    ✗ ${test.fullTitle()}`);
    });
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test: Test) => {
      const suite = test.parent?.fullTitle() ?? '';
      skipped.set(suite, (skipped.get(suite) ?? 0) + 1);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      for (const [suite, count] of skipped) console.log(`    - skipped ${count} of ${suite}`);
      if (this.failures.length > 0) reporters.Base.list(this.failures);
      const { passes, failures, pending } = this.stats;
      const counts: Counts = { passed: passes, failed: failures, skipped: pending };
      if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
    });
  }
}

// Mocha takes what require() returns for the reporter; under this name Node hands out the class itself.
export { CountingReporter as 'module.exports' };

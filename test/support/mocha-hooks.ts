/**
 * Hooks around the whole run: what nobody waits for fails the run instead of being printed, or forgotten.
 *
 * - A promise rejected with nobody listening fails the run, with the name of the test after which it showed.
 * - A timer, socket or child process left behind keeps Node from ending: then the run fails, and says what it was.
 */
import type { Context } from 'mocha';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Servers and pools that were asked to close get so long to do it. */
const PATIENCE_MS = 5_000;

/** A set, because mocha hands on what it has no use for, and so it comes twice. */
const unhandled = new Set<unknown>();
const complaints: string[] = [];

process.on('unhandledRejection', (reason) => {
  unhandled.add(reason);
});

export const mochaHooks = {
  async afterEach(this: Context): Promise<void> {
    // Node tells of a rejection only after the microtasks are done.
    await setImmediate();
    const title = this.currentTest?.fullTitle() ?? 'a test';
    for (const reason of unhandled) complaints.push(`Unhandled rejection during "${title}": ${inspect(reason)}`);
    unhandled.clear();
  },

  // Not in afterEach: there it would stop all tests that come after.
  afterAll(): void {
    // Does not keep Node alive itself, so it fires only when something else does.
    setTimeout(failForLeaks, PATIENCE_MS).unref();
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  },
};

function failForLeaks(): void {
  const left = process.getActiveResourcesInfo().filter((kind) => !/^(TTY|Pipe)Wrap$/.test(kind));
  console.error(`The tests are over but something keeps Node alive: ${left.join(', ')}. Close what a test opens.`);
  // Mocha sets the exit code in a listener of its own, which comes before this one.
  process.once('exit', () => {
    process.exitCode = 1;
  });
  process.exit();
}

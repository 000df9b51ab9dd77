import type { Context } from 'mocha';

/**
 * The address of a real service that the test run started, from the environment.
 *
 * Without it the test is skipped and says why; in CI (`CI=true`) it fails, so that a missing service cannot pass for a
 * green run.
 */
export function service(context: Context, variable: string): string {
  const address = process.env[variable];
  if (address !== undefined && address !== '') return address;
  const reason = `${variable} names no running service (npm test starts one)`;
  if (process.env['CI'] === 'true') throw new Error(`In CI this test must run: ${reason}`);
  console.log(`      skipped: ${reason}`);
  context.skip();
}

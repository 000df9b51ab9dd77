/**
 * `npm test`: everything that can show that Spot works, against real services that it starts and stops itself.
 *
 *     main.ts                      all of it
 *     main.ts check                types, format, imports, lint, unit tests: seconds, without services
 *     main.ts unit|services|e2e [MOCHA ARGUMENT ...]
 *
 * Services start while checks and unit tests run. The last line is the sum; the exit code is 1 when something failed.
 * A service that cannot be had is named and what needs it is skipped; with CI in the environment that is a failure.
 */
import { TestServices, type ServiceReport } from '../services/test-services.ts';
import { addCounts, describeCounts, NONE, ONE_FAILED, ONE_SKIPPED, type Counts } from './counts.ts';
import { CHECKS, runCheck, runSuite, SUITES, tell } from './phases.ts';

const PLANS = {
  all: { checks: CHECKS, before: [SUITES.unit], withServices: [SUITES.services, SUITES.e2e] },
  check: { checks: CHECKS, before: [SUITES.unit], withServices: [] },
  unit: { checks: [], before: [SUITES.unit], withServices: [] },
  services: { checks: [], before: [], withServices: [SUITES.services] },
  e2e: { checks: [], before: [], withServices: [SUITES.e2e] },
};

const startedAt = performance.now();
const stop = new AbortController();
const { signal } = stop;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    console.log(`${name}: stopping the services ...`);
    stop.abort();
  });
}

const [planName = 'all', ...mochaArguments] = process.argv.slice(2);
const plan = Object.entries(PLANS).find(([name]) => name === planName)?.[1];
if (plan === undefined) throw new Error(`unknown plan ${planName}; known are ${Object.keys(PLANS).join(', ')}`);

const total = await runPlan(plan);
console.log(`\nThe whole took ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`);
console.log(describeCounts(total));
process.exitCode = signal.aborted ? 130 : Math.min(total.failed, 1);

async function runPlan({ checks, before, withServices }: (typeof PLANS)['all' | 'check' | 'unit']): Promise<Counts> {
  let sum = NONE;
  const add = async (counts: Promise<Counts>): Promise<void> => {
    if (!signal.aborted) sum = addCounts(sum, await counts);
  };

  const starting = withServices.length > 0 ? startServices() : undefined;
  for (const check of checks) await add(runCheck(check, { signal }));
  for (const suite of before) await add(runSuite(suite, mochaArguments, { signal }));
  if (starting === undefined) return sum;

  await using services = await starting;
  for (const { isRunning } of services.reports) if (!isRunning) await add(Promise.resolve(missing()));
  for (const suite of withServices) await add(runSuite(suite, mochaArguments, { signal, env: services.env }));
  return sum;
}

function startServices(): Promise<TestServices> {
  let since = performance.now();
  return TestServices.start(({ name, told, isRunning }: ServiceReport) => {
    const now = performance.now();
    tell(isRunning, 'service', isRunning ? `${name}: ${told}` : `${name} is missing: ${told}`, (now - since) / 1000);
    since = now;
  }, signal);
}

/** Where nobody looks at what was skipped, a missing service must not go unnoticed. */
function missing(): Counts {
  return process.env['CI'] === undefined ? ONE_SKIPPED : ONE_FAILED;
}

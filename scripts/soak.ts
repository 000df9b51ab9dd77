/**
 * `npm run soak`: the fault tests at their full counts, against real services of its own on loopback. Two to three hours on
 * two cores; `npm test` runs the same tests at about a twentieth of the counts. Two hours of real time pass beside the others.
 *
 *     npm run soak                 everything
 *     npm run soak -- R16          the tests whose title has R16 (docs/reliability.md says which are there)
 *     npm run soak -- R1 --rounds 10     ten seeds, about three quarters of an hour each
 *
 * Each test prints its seed; SPOT_TEST_SEED repeats it.
 */
import { parseArgs } from 'node:util';
import { TestServices } from './services/test-services.ts';
import { addCounts, describeCounts, NONE } from './test/counts.ts';
import { runSuite, tell, type Suite } from './test/phases.ts';

const SOAK: Suite = {
  name: 'soak',
  files: [
    'test/faults/**/*.test.ts',
    ...['kill', 'kill-event-logs', 'failpoints', 'sigterm', 'slow-and-huge', 'huge-log', 'daemon-memory'].map(
      (name) => `test/e2e/${name}.e2e.test.ts`,
    ),
    'test/store/sqlite/*.test.ts',
    'test/store/elasticsearch/elasticsearch-faults.services.test.ts',
    'test/setter/spark-submit-lines.services.test.ts',
    'test/deploy/image.services.test.ts',
  ],
  ignore: [],
  minutes: 600,
};

/** Mostly waits. */
const HOURS: Suite = { name: 'hours', files: ['test/e2e/hours.e2e.test.ts'], ignore: [], minutes: 200 };

/** For tests that set none of their own: a soak shares the machine with servers under fire. */
const LONGEST_TEST_MS = 120_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '1' } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`--rounds takes a whole number from 1, not ${values.rounds}`);
const chosen = positionals.length === 0 ? [] : ['--grep', `\\b(${positionals.join('|')})\\b`];

const startedAt = performance.now();
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    stop.abort();
  });
}

console.log(
  `This takes two to three hours${rounds === 1 ? '' : ' for each round'}, less where tests are chosen. Ctrl-C ends it.`,
);
await using services = await TestServices.start(({ name, told, isRunning }) => {
  tell(isRunning, 'service', `${name}: ${told}`, (performance.now() - startedAt) / 1000);
}, stop.signal);
let sum = NONE;
for (let round = 1; round <= rounds && !stop.signal.aborted; round++) {
  if (rounds > 1) console.log(`\nRound ${round} of ${rounds}`);
  const env = { ...services.env, SPOT_SOAK: 'full' };
  const options = ['--timeout', String(LONGEST_TEST_MS), '--reporter-option', 'each=true', ...chosen];
  const running = { env, signal: stop.signal, mayBeEmpty: true };
  const counts = await Promise.all(
    [SOAK, HOURS].map((suite) => runSuite(suite, [...suite.files, ...options], running)),
  );
  sum = counts.reduce(addCounts, sum);
}
console.log(`\nThe whole took ${((performance.now() - startedAt) / 60_000).toFixed(0)} minutes.`);
console.log(describeCounts(sum));
if (sum.passed + sum.failed + sum.skipped === 0) console.log('No test has such a title.');
const isGood = sum.failed === 0 && sum.passed > 0;
process.exitCode = stop.signal.aborted ? 130 : isGood ? 0 : 1;

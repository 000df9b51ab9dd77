export interface TestSeedOptions {
  /** Instead of the environment's, or a new one. */
  readonly seed?: number;
  readonly print?: (line: string) => void;
}

/**
 * The seed of a test that draws: `SPOT_TEST_SEED` of the environment, else a new one.
 *
 * Prints it, because a run that failed can be repeated only by who knows its seed.
 */
export function testSeed(what: string, options: TestSeedOptions = {}): number {
  const { seed = seedOfEnvironment(), print = console.log } = options;
  print(`      ${what}: seed ${seed} (repeat with SPOT_TEST_SEED=${seed})`);
  return seed;
}

function seedOfEnvironment(): number {
  const given = Number(process.env['SPOT_TEST_SEED']);
  return Number.isInteger(given) && given > 0 ? given : 1 + Math.floor(Math.random() * 2 ** 31);
}

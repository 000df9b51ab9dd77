/** What comes from outside the process: passed in, so that a test can give its own. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly random: () => number;
}

export const processEnvironment: Environment = { env: process.env, now: () => new Date(), random: Math.random };

/** Exit codes are part of the interface: docs/cli.md lists them. */
export const EXIT = {
  ok: 0,
  /** The command ran and its answer is no: something is missing, nothing could be read, a check failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Not enough is stored to answer. */
  notEnough: 3,
  /** Something outside Spot (server, store, file) did not do its part. */
  unavailable: 69,
  /** A fault of Spot's own. */
  internal: 70,
  /** The configuration is wrong. */
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

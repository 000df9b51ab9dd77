import { setFlagsFromString } from 'node:v8';

/**
 * Does work of which nearly all that it makes will stay, without letting V8 enlarge its nursery for that.
 *
 * V8 takes survivors for a sign that the nursery is too small, and doubles it up to 3 × 16 MiB, which it never gives
 * back. What stays only passes through it: measured, unpacking is a third faster so, and the process 30 MB smaller.
 * The factor is read whenever the nursery might grow, so that it counts at once; the work must be synchronous.
 */
export function withSteadyNursery<T>(work: () => T): T {
  setFlagsFromString('--semi-space-growth-factor=1');
  try {
    return work();
  } finally {
    // V8's default.
    setFlagsFromString('--semi-space-growth-factor=2');
  }
}

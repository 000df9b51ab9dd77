/** Set by `npm run soak`: the counts are the full ones, and not a part that takes seconds. */
export const IS_SOAK = process.env['SPOT_SOAK'] === 'full';

/** How many of something a test makes: so many in a soak, so many in `npm test`. */
export function inSoak(full: number, otherwise: number): number {
  return IS_SOAK ? full : otherwise;
}

/**
 * Slots of a local master: `local` 1, `local[4]` and `local[4,2]` 4.
 *
 * @returns 0 for `local[*]`, whose cores only the machine knows, and for any other master
 */
export function localCores(master: string | undefined): number {
  if (master === 'local') return 1;
  const threads = /^local\[(\d+)(?:,\s*\d+)?\]$/.exec(master ?? '')?.[1];
  return threads === undefined ? 0 : Number(threads);
}

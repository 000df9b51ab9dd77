/**
 * A brake for what strangers can cause, such as a line in the log: calls within `ms` of one that went through are only counted.
 *
 * @param now - milliseconds that never go back
 * @returns takes an action, and hands it how many were left out since the last one
 */
export function atMostEvery(
  ms: number,
  now: () => number = () => performance.now(),
): (action: (leftOut: number) => void) => void {
  let nextAt = -Infinity;
  let leftOut = 0;
  return (action) => {
    if (now() < nextAt) {
      leftOut += 1;
      return;
    }
    nextAt = now() + ms;
    action(leftOut);
    leftOut = 0;
  };
}

import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

/** Watches how much memory a process has had at most, in bytes. Linux only: elsewhere it is 0. */
export function watchPeakMemory(pid: number): { readonly peakBytes: number } & Disposable {
  let peakBytes = 0;
  const timer = setInterval(() => {
    try {
      const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      peakBytes = Math.max(peakBytes, Number(peak ?? 0) * 1024);
    } catch {
      // It has ended: what was seen last is what counts.
    }
  }, 50);
  return {
    get peakBytes() {
      return peakBytes;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

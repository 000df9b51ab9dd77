import { readFileSync } from 'node:fs';

/** Ticks of the clock in which Linux counts CPU time. */
const TICKS_PER_SECOND = 100;

/** CPU milliseconds that a process of this machine has used so far, all its threads together. Linux only. */
export function processCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold anything: state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}

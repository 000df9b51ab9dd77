import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of the clock in which Linux counts CPU time. */
const TICKS_PER_SECOND = 100;

/**
 * CPU milliseconds that a process of this machine and the processes it started have used so far, all threads together. Linux only.
 *
 * Elasticsearch is started by one process that waits and works in another.
 */
export function processCpuMs(pid: number): number {
  return ownCpuMs(pid) + childrenOf(pid).reduce((sum, child) => sum + processCpuMs(child), 0);
}

function ownCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold anything: state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}

/** A child belongs to the thread that started it. */
function childrenOf(pid: number): readonly number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) => {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  });
}

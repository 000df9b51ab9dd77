import { readFile } from 'node:fs/promises';

/** The most memory in bytes that a process ever had, as Linux tells it while the process lives. */
export function watchPeakMemory(pid: number): { readonly stop: () => number } {
  let peak = 0;
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const [, kibibytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
    peak = Math.max(peak, Number(kibibytes) * 1024);
  };
  const looking = setInterval(() => void look(), 100);
  return {
    stop: () => {
      clearInterval(looking);
      return peak;
    },
  };
}

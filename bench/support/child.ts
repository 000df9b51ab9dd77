import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a measured child process tells of itself, as one JSON line on its standard output. */
export interface Measured {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakRssMb: number;
  readonly [name: string]: number;
}

/**
 * Runs a TypeScript file in a process of its own, so that nothing of one measurement warms or burdens the next.
 *
 * @param file - relative to this folder's parent
 */
export async function runChild(file: string, args: readonly string[]): Promise<Measured> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = spawn(process.execPath, ['--no-warnings', path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}: ${text}`);
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Measured;
}

/** In the child: measures what `work` costs this process, start-up left out, and prints it. */
export async function measure(work: () => Promise<Readonly<Record<string, number>>>): Promise<void> {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const figures = await work();
  const used = process.cpuUsage(cpu);
  const result: Measured = {
    cpuMs: (used.user + used.system) / 1000,
    wallMs: performance.now() - started,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    ...figures,
  };
  console.log(JSON.stringify(result));
}

/** The middle one of an odd number of measurements, by CPU. */
export function median(measured: readonly Measured[]): Measured {
  const sorted = [...measured].sort((a, b) => a.cpuMs - b.cpuMs);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/** The middle one of an odd number of values. */
export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

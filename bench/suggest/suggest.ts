import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, middle, runChild } from '../support/child.ts';
import type { Bench, Figure } from '../support/goals.ts';
import { ASKED, makeHistory, NEW } from './history.ts';

const RUNS = 100_000;
const ROUNDS = 7;

/** CPU time of `spot suggest` with a hundred thousand stored runs of 502 applications. */
export const bench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spot-bench-suggest-'));
  try {
    const path = join(folder, 'spot.sqlite');
    // As bin/spot.js has it: the first round fills it.
    process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled');
    await makeHistory(path, RUNS);
    const answer = async (tag: string, times: number): Promise<number> => {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1)
        rounds.push(await runChild('suggest/answer.ts', [path, tag, String(times)]));
      return median(rounds).cpuMs;
    };
    const first = await answer(ASKED, 1);
    const eleven = await answer(ASKED, 11);
    const similar = await answer(NEW, 1);
    const command = middle(Array.from({ length: ROUNDS }, () => commandCpuMs(path)));
    const node = middle(Array.from({ length: ROUNDS }, () => cpuMsOf([process.execPath, '-e', '0'])));
    const fits = [];
    for (let round = 0; round < ROUNDS; round += 1) fits.push(await runChild('suggest/fit.ts', []));
    const figures: readonly Figure[] = [
      {
        what: 'first answer of a process, from the stored model of 500 runs: CPU',
        value: first,
        unit: 'ms',
        atMost: 100,
      },
      { what: 'each further answer: CPU', value: (eleven - first) / 10, unit: 'ms', atMost: 100 },
      {
        what: 'first answer for an application of two runs, from similar ones: CPU',
        value: similar,
        unit: 'ms',
        atMost: 100,
      },
      { what: 'one fit to 1,000 runs of different settings: CPU', value: median(fits).cpuMs, unit: 'ms', atMost: 1000 },
      { what: 'its error on runs left out, of 5 % noise', value: median(fits)['mape'] ?? NaN, unit: '%', atMost: 6 },
      { what: '`spot suggest`, the whole command from a checkout: CPU', value: command, unit: 'ms' },
      { what: 'of that, a Node that does nothing: CPU', value: node, unit: 'ms' },
    ];
    return figures;
  } finally {
    delete process.env['NODE_COMPILE_CACHE'];
    rmSync(folder, { recursive: true });
  }
};

function commandCpuMs(path: string): number {
  const spot = fileURLToPath(new URL('../../bin/spot.js', import.meta.url));
  return cpuMsOf([
    process.execPath,
    spot,
    'suggest',
    '--store',
    `sqlite:${path}`,
    '--tag',
    ASKED,
    '--input-size',
    '5GB',
  ]);
}

function cpuMsOf(command: readonly string[]): number {
  const { stderr, status } = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2>&1', 'bash', ...command],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${String(status)}: ${stderr}`);
  return (
    1000 *
    stderr
      .trim()
      .split(' ')
      .reduce((sum, seconds) => sum + Number(seconds), 0)
  );
}

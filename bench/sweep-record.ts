/** Event logs of the sweep → what the bench keeps of them: the runs as the setter sees them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { logDirOf, readRuns } from '../scripts/spark/sweep.ts';
import { historyRunOf, type HistoryRun } from '../src/setter/history-run.ts';
import { collectedRuns } from '../test/support/collected-runs.ts';

/** Written by {@link recordSweep}; one run a line. */
export const SWEEP_RUNS = new URL('../test/fixtures/spark-sweep/runs.ndjson', import.meta.url);

/** @param out - as runSweep left it. @returns how many runs were written */
export async function recordSweep(out: string, target: URL = SWEEP_RUNS): Promise<number> {
  const lines = (await sweptRuns(out)).map((run) => JSON.stringify(run));
  mkdirSync(new URL('.', target), { recursive: true });
  writeFileSync(target, `${lines.sort().join('\n')}\n`);
  return lines.length;
}

/** The runs of a sweep, each under the id of its setting. */
export async function sweptRuns(out: string): Promise<HistoryRun[]> {
  const swept: HistoryRun[] = [];
  for (const setting of readRuns(out)) {
    const [collected] = await collectedRuns(logDirOf(out, setting));
    const run = collected && historyRunOf(collected.documents.aggregate, collected.documents.detail);
    if (run === undefined) continue;
    // Parameters and program hold folders of the machine it was recorded on, and are the same in all runs.
    const { parameters: _parameters, program: _program, ...kept } = run;
    swept.push({ ...kept, run: setting.id });
  }
  return swept;
}

/** @returns none where nothing was recorded */
export function readSweep(source: URL = SWEEP_RUNS): HistoryRun[] {
  if (!existsSync(source)) return [];
  return readFileSync(source, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as HistoryRun);
}

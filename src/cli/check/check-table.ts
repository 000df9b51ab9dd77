import type { Check, CheckReport } from '../../app/check-run.ts';
import { changeText, evidenceText } from '../comparison/comparison-text.ts';
import { plain } from '../findings/findings-text.ts';
import { table, type Column } from '../table.ts';
import { durationText, percentText } from '../units.ts';

const COLUMNS: readonly Column<Check>[] = [
  { title: 'CHECK', cell: ({ id }) => id },
  { title: 'RESULT', cell: ({ status }) => status },
  { title: 'LIMIT', cell: ({ id, limit }) => (id === 'slower' ? percentText(Number(limit)) : String(limit)) },
  { title: 'FOUND', cell: ({ text }) => text },
];

const VERDICT = { passed: 'passed', failed: 'FAILED', undecided: 'not enough is known' } as const;

/** More causes do not fit on one screen. */
const MOST_CAUSES = 3;

/** The verdict, the checks, and why it was slower. */
export function checkTable({ run, name, against, status, checks, expectation, comparison }: CheckReport): string {
  const lines = [`${run} (${plain(name)}) against ${against}: ${VERDICT[status]}`, '', table(checks, COLUMNS)];
  if (expectation !== undefined) {
    const { expectedMs, spreadRatio, runs, sizeExponent } = expectation;
    const size = sizeExponent === 0 ? '' : `, time going with its input to the power ${sizeExponent.toFixed(2)}`;
    lines.push(
      '',
      `Expected ${durationText(expectedMs)} by ${runs} runs, half of them within ${percentText(spreadRatio - 1)}${size}.`,
    );
  }
  const slower = checks.some(({ id, status: result }) => id === 'slower' && result === 'failed');
  if (slower && comparison !== undefined) {
    lines.push('', `Compared with ${comparison.before.run}:`);
    for (const { changeMs, title, evidence } of comparison.causes
      .filter((part) => part.changeMs > 0)
      .slice(0, MOST_CAUSES))
      lines.push(
        `  ${changeText(changeMs)} ${title}${evidence.length === 0 ? '' : ` (${evidence.map(evidenceText).join('; ')})`}`,
      );
  }
  return lines.join('\n');
}

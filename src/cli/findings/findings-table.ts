import type { PricedAnalysis } from '../../app/price-analysis.ts';
import type { Finding } from '../../analysis/finding.ts';
import { table, type Column } from '../table.ts';
import {
  costNotes,
  factName,
  factText,
  plain,
  savingText,
  settingsOf,
  verdictText,
  worthText,
} from './findings-text.ts';

/** More than this does not fit on one screen. */
const MOST_SHOWN = 10;

const COLUMNS: readonly Column<Finding>[] = [
  { title: 'SEVERITY', cell: ({ severity }) => severity },
  { title: 'FINDING', cell: ({ id }) => id },
  { title: 'WHERE', cell: ({ subject }) => subject },
  { title: 'SAVES', align: 'right', cell: savingText },
  { title: 'WORTH', align: 'right', cell: worthText, optional: true },
  { title: 'WHAT', cell: ({ title }) => title, optional: true },
];

/** One screen: the verdict, the findings worst first, the first one in full, and what could not be measured. */
export function analysisTable(analysis: PricedAnalysis, width: number, all: boolean): string {
  const { findings, notMeasurable, errors } = analysis;
  const shown = all ? findings : findings.slice(0, MOST_SHOWN);
  const rest = findings.length - shown.length;
  const detailed = all ? shown : shown.slice(0, 1);
  const lines = [`${analysis.run} (${plain(analysis.name)}): ${verdictText(analysis)}`];
  if (shown.length > 0) lines.push('', table(shown, COLUMNS, width));
  if (rest > 0) lines.push(`and ${rest} more (--all)`);
  for (const [i, finding] of detailed.entries()) lines.push('', ...inFull(finding, i === 0));
  if (notMeasurable.length > 0) lines.push('', ...whyNot(analysis, all));
  for (const { id, message } of errors) lines.push(`${id} failed: ${plain(message)}`);
  const notes = costNotes(analysis);
  if (notes.length > 0) lines.push('', ...notes.map(plain));
  return lines.join('\n');
}

function inFull(finding: Finding, isFirst: boolean): string[] {
  const facts = Object.entries(finding.facts).map(
    ([name, value]) => `${factName(name)} ${plain(factText(name, value))}`,
  );
  return [
    `${isFirst ? 'First' : 'Then'}: ${finding.title} (${plain(finding.subject)}).`,
    `  ${facts.join('; ')}`,
    `  ${plain(finding.fix.text)}`,
    ...settingsOf(finding).map((setting) => `    ${plain(setting)}`),
  ];
}

function whyNot({ notMeasurable }: PricedAnalysis, all: boolean): string[] {
  if (all) return notMeasurable.map(({ id, because }) => `${id} not measurable, because ${plain(because)}`);
  const byReason = Map.groupBy(notMeasurable, ({ because }) => because);
  const [common] = [...byReason].toSorted(([, a], [, b]) => b.length - a.length);
  const names = (of: readonly { readonly id: string }[]): string => of.map(({ id }) => id).join(', ');
  // One reason for many is worth its line; single ones are for who asks.
  if (common === undefined || common[1].length < 3)
    return [`Not measurable: ${names(notMeasurable)} (--all says why).`];
  const rest = notMeasurable.filter((one) => !common[1].includes(one));
  return [
    `Not measurable: ${names(common[1])}, because ${plain(common[0])}.`,
    ...(rest.length === 0 ? [] : [`Nor: ${names(rest)} (--all says why).`]),
  ];
}

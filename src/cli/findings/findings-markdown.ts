import type { PricedAnalysis } from '../../app/price-analysis.ts';
import type { Finding } from '../../analysis/finding.ts';
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

/** For a ticket or a merge request. Text from the run cannot become markup. */
export function analysisMarkdown(analysis: PricedAnalysis): string {
  const { findings, notMeasurable, errors } = analysis;
  const lines = [`# ${escaped(analysis.run)} (${escaped(analysis.name)})`, '', escaped(verdictText(analysis))];
  for (const note of costNotes(analysis)) lines.push('', escaped(note));
  if (findings.length > 0) {
    lines.push('', '| severity | finding | where | saves | worth |', '|---|---|---|---|---|');
    for (const finding of findings) {
      const cells = [
        finding.severity,
        finding.title,
        finding.subject,
        savingText(finding) ?? '-',
        worthText(finding) ?? '-',
      ];
      lines.push(`| ${cells.map(escaped).join(' | ')} |`);
    }
  }
  for (const finding of findings) lines.push('', ...section(finding));
  if (notMeasurable.length > 0) lines.push('', '## Not measurable', '');
  for (const { id, because } of notMeasurable) lines.push(`- ${escaped(id)}, because ${escaped(because)}`);
  if (errors.length > 0) lines.push('', '## Errors', '');
  for (const { id, message } of errors) lines.push(`- ${escaped(id)}: ${escaped(message)}`);
  return lines.join('\n');
}

function section(finding: Finding): string[] {
  const facts = Object.entries(finding.facts).map(
    ([name, value]) => `- ${factName(name)}: ${escaped(factText(name, value))}`,
  );
  const settings = settingsOf(finding);
  return [
    `## ${escaped(finding.title)} (${escaped(finding.subject)})`,
    '',
    escaped(finding.fix.text),
    ...(settings.length === 0 ? [] : ['', '```text', ...settings.map(plain), '```']),
    '',
    ...facts,
  ];
}

/** Markdown's own characters, and the beginning of HTML. */
function escaped(text: string): string {
  return plain(text).replaceAll(/[\\`*_{}[\]<>#|~&]/g, '\\$&');
}

import type { Comparison } from '../../comparison/compare-runs.ts';
import { plain } from '../findings/findings-text.ts';
import { durationText } from '../units.ts';
import { changeText, evidenceText, layerRows, shareText, verdictText } from './comparison-text.ts';

/** For a ticket or a merge request. Text from the runs cannot become markup. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { before, after, causes, changeMs, stages = [], notes } = comparison;
  return [
    `# ${escaped(before.run)} → ${escaped(after.run)}`,
    '',
    escaped(`${before.name} → ${after.name}. ${verdictText(comparison)}`),
    ...section(
      'Where it comes from',
      ['cause', 'change', 'of all', 'what', 'evidence'],
      causes.map((part) => [
        part.id,
        changeText(part.changeMs),
        shareText(part, changeMs) ?? '-',
        part.title,
        part.evidence.map(evidenceText).join('; '),
      ]),
    ),
    ...section(
      'Stages',
      ['A', 'B', 'time A', 'time B', 'change', 'mostly', 'name'],
      stages.map((stage) => [
        idText(stage.before),
        idText(stage.after),
        timeText(stage.beforeMs),
        timeText(stage.afterMs),
        changeText(stage.changeMs),
        stage.cause,
        stage.name,
      ]),
    ),
    ...section(
      'What else differs',
      ['layer', 'what', 'A', 'B'],
      layerRows(comparison).map((row) => [row.layer, row.what, row.before, row.after]),
    ),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `- ${escaped(note)}`)]),
  ].join('\n');
}

function section(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return [
    '',
    `## ${title}`,
    '',
    `| ${columns.join(' | ')} |`,
    `|${columns.map(() => '---').join('|')}|`,
    ...rows.map((cells) => `| ${cells.map(escaped).join(' | ')} |`),
  ];
}

function idText(id: number | undefined): string {
  return id === undefined ? '-' : String(id);
}

function timeText(ms: number | null): string {
  return ms === null ? '-' : durationText(ms);
}

/** Markdown's own characters, and the beginning of HTML. */
function escaped(text: string): string {
  return plain(text).replaceAll(/[\\`*_{}[\]<>#|~&]/g, '\\$&');
}

import type { CausePart, Comparison } from '../../comparison/compare-runs.ts';
import type { StageRow } from '../../comparison/stage-rows.ts';
import { plain } from '../findings/findings-text.ts';
import { table, type Column } from '../table.ts';
import { durationText } from '../units.ts';
import { changeText, evidenceText, layerRows, shareText, verdictText, type LayerRow } from './comparison-text.ts';

/** More stages do not fit on one screen. */
const MOST_STAGES = 8;

const LAYERS: readonly Column<LayerRow>[] = [
  { title: 'LAYER', cell: ({ layer }) => layer },
  { title: 'WHAT', cell: ({ what }) => what },
  { title: 'A', cell: ({ before }) => before },
  { title: 'B', cell: ({ after }) => after },
];

const STAGES: readonly Column<StageRow>[] = [
  { title: 'STAGE A', align: 'right', cell: ({ before }) => (before === undefined ? undefined : String(before)) },
  { title: 'STAGE B', align: 'right', cell: ({ after }) => (after === undefined ? undefined : String(after)) },
  { title: 'A', align: 'right', cell: ({ beforeMs }) => (beforeMs === null ? undefined : durationText(beforeMs)) },
  { title: 'B', align: 'right', cell: ({ afterMs }) => (afterMs === null ? undefined : durationText(afterMs)) },
  { title: 'CHANGE', align: 'right', cell: ({ changeMs }) => changeText(changeMs) },
  { title: 'MOSTLY', cell: ({ cause }) => cause },
  { title: 'NAME', cell: ({ name }) => name, optional: true },
];

/** One screen: the difference, what it comes from, and what else differs. */
export function comparisonTable(comparison: Comparison, width: number, all: boolean): string {
  const { before, after, causes, changeMs, stages = [], sql, notes } = comparison;
  const lines = [
    `A ${before.run} (${plain(before.name)}), B ${after.run} (${plain(after.name)})`,
    verdictText(comparison),
  ];
  if (causes.length > 0) lines.push('', table(causes, causeColumns(changeMs), width));
  const proofs = causes.filter(({ evidence }) => evidence.length > 0).slice(0, all ? Infinity : 3);
  if (proofs.length > 0) lines.push('');
  for (const { id, evidence } of proofs) lines.push(`${id}: ${evidence.map(evidenceText).join('; ')}`);
  const shown = stages.filter((stage) => all || stage.changeMs !== 0).slice(0, all ? Infinity : MOST_STAGES);
  if (shown.length > 0) lines.push('', table(shown, STAGES, width));
  if (shown.length < stages.length) lines.push(`and ${stages.length - shown.length} more stages (--all)`);
  for (const { before: a, after: b, gained, lost } of sql?.changed ?? [])
    lines.push('', `Query ${a} → ${b}: ${[...gained.map((op) => `+${op}`), ...lost.map((op) => `−${op}`)].join(', ')}`);
  const layers = layerRows(comparison);
  if (layers.length > 0) lines.push('', table(layers, LAYERS, width));
  if (notes.length > 0) lines.push('', ...notes.map((note) => `${plain(note)}.`));
  return lines.join('\n');
}

function causeColumns(total: number): readonly Column<CausePart>[] {
  return [
    { title: 'CAUSE', cell: ({ id }) => id },
    { title: 'CHANGE', align: 'right', cell: ({ changeMs }) => changeText(changeMs) },
    { title: 'OF ALL', align: 'right', cell: (part) => shareText(part, total) },
    { title: 'WHAT', cell: ({ title }) => title, optional: true },
  ];
}

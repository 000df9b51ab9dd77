import { stripVTControlCharacters } from 'node:util';

export interface Column<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** The cell's text; undefined shows as `-`: not measured, not zero. */
  readonly cell: (row: Row) => string | undefined;
  /** A column that gives way first when the terminal is too narrow. */
  readonly optional?: boolean;
}

const GAP = '  ';

/**
 * Columns of text, each as wide as its widest cell.
 *
 * @param width - columns of the terminal; optional columns are left out, from the right, until the table fits
 */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width = Infinity): string {
  const shown = fitting(rows, columns, width);
  const lines = [
    shown.map((column) => column.title),
    ...rows.map((row) => shown.map((column) => cellText(column, row))),
  ];
  const widths = shown.map((_, index) => Math.max(...lines.map((line) => displayWidth(line[index] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((text, index) => pad(text, widths[index] ?? 0, shown[index]?.align))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

function fitting<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): readonly Column<Row>[] {
  const widthOf = (column: Column<Row>): number =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(cellText(column, row))));
  const shown = [...columns];
  const total = (): number => shown.reduce((sum, column) => sum + widthOf(column) + GAP.length, -GAP.length);
  while (total() > width) {
    const last = shown.findLastIndex((column) => column.optional === true);
    if (last < 0) break;
    shown.splice(last, 1);
  }
  return shown;
}

/** Names come from outside: a control character or a direction override must not rearrange somebody's terminal. */
function cellText<Row>(column: Column<Row>, row: Row): string {
  return (column.cell(row) ?? '-').replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '�');
}

function pad(text: string, width: number, align: Column<unknown>['align']): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? blanks + text : text + blanks;
}

/** East Asian wide characters take two columns, combining marks none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{1F300}-\u{1FAFF}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

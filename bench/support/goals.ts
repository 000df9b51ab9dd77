/** One figure of a bench, with what it has to reach where there is a goal. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export type Bench = () => Promise<readonly Figure[]>;

/** Prints the figures as rows of a Markdown table. @returns how many goals are missed */
export function printGoals(figures: readonly Figure[]): number {
  console.log('| figure | measured | goal | |');
  console.log('|---|---|---|---|');
  for (const figure of figures) {
    const { what, value, unit, atMost, atLeast } = figure;
    const goal = atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : '';
    console.log(
      `| ${what} | ${text(value)} ${unit} | ${goal} | ${goal === '' ? '' : isMet(figure) ? 'met' : 'MISSED'} |`,
    );
  }
  return figures.filter((figure) => !isMet(figure)).length;
}

function isMet({ value, atMost = Infinity, atLeast = -Infinity }: Figure): boolean {
  return value <= atMost && value >= atLeast;
}

function text(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

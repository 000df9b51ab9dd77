const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?$/;
const WORD = /^([+-]?)(NaN|Infinity)$/;

/** A double as Java reads it, but for hexadecimal ones; `undefined` for any other text. */
export function parseDouble(text: string): number | undefined {
  const trimmed = text.trim();
  const [, sign, word] = WORD.exec(trimmed) ?? [];
  if (word !== undefined) return word === 'NaN' ? NaN : sign === '-' ? -Infinity : Infinity;
  return DECIMAL.test(trimmed) ? Number(trimmed.replace(/[fFdD]$/, '')) : undefined;
}

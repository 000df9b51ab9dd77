/**
 * Records as RFC 4180 has them, with a header.
 *
 * Names come from outside and spreadsheets run what begins as a formula: such a text gets an apostrophe before it.
 */
export function csvText(header: readonly string[], records: readonly (readonly (string | number | null)[])[]): string {
  return [header, ...records].map((record) => record.map(fieldText).join(',')).join('\n');
}

function fieldText(field: string | number | null): string {
  if (field === null) return '';
  if (typeof field === 'number') return String(field);
  const text = /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

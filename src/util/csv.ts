import { SpotError } from './errors.ts';

/** One record by column name. */
export type CsvRecord = Readonly<Record<string, string>>;

/**
 * Reads comma-separated text with a header line (RFC 4180): quoted fields may hold commas, line breaks and doubled quotes.
 *
 * A byte order mark and empty lines are skipped; fields are kept as they stand, without trimming.
 *
 * @throws SpotError `CSV_MALFORMED` when a quote is not closed or a record is longer or shorter than the header
 */
export function parseCsv(text: string): CsvRecord[] {
  const [header, ...records] = splitRecords(text.startsWith('\uFEFF') ? text.slice(1) : text);
  if (header === undefined) return [];
  return records.map((record, at) => {
    if (record.length !== header.length) {
      throw new SpotError(
        'CSV_MALFORMED',
        `Record ${at + 1} has ${record.length} fields, the header has ${header.length}; quote fields that hold commas`,
      );
    }
    return Object.fromEntries(header.map((name, i) => [name, record[i] ?? '']));
  });
}

const FIELD = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\r|$)/y;

function splitRecords(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length || record.length > 0) {
    const match = FIELD.exec(text);
    if (match === null)
      throw new SpotError(
        'CSV_MALFORMED',
        `The quotes of record ${records.length} do not fit; double a quote inside a quoted field`,
      );
    const [, field = '', end = ''] = match;
    record.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === ',') continue;
    if (record.length > 1 || field !== '') records.push(record);
    record = [];
  }
  return records;
}

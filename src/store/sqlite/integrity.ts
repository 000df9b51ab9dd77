import { openForReading } from './connection.ts';
import { decodeDocument } from './document-codec.ts';
import { DOCUMENT_TABLES } from './queries.ts';

const MOST_FINDINGS = 20;

const EVERY_DOCUMENT = [
  ...DOCUMENT_TABLES.map((table) => [`${table} document of run`, `SELECT run AS id, document FROM ${table}`] as const),
  ['kept document', "SELECT kind || ' ' || id AS id, body AS document FROM kept"] as const,
];

/**
 * Reads the whole store and says what is wrong with it: pages and indexes by SQLite's own check, rows that belong to no run, and
 * documents that do not prove themselves by their checksum.
 *
 * @returns a sentence for each finding, at most twenty; none when it is sound
 * @throws StoreError when it cannot be opened
 */
export function integrityFindings(path: string): readonly string[] {
  const { database } = openForReading({ path });
  try {
    const findings = database
      .prepare(`PRAGMA integrity_check(${MOST_FINDINGS})`)
      .all()
      .map((row) => String(row['integrity_check']))
      .filter((finding) => finding !== 'ok');
    // What stands in damaged pages is not worth reading.
    if (findings.length > 0) return findings;
    const orphans = database.prepare('PRAGMA foreign_key_check').all();
    findings.push(...orphans.map((row) => `A row of ${String(row['table'])} belongs to no run`));
    for (const [what, sql] of EVERY_DOCUMENT) {
      for (const { id, document } of database.prepare(sql).iterate()) {
        if (findings.length >= MOST_FINDINGS) return findings;
        try {
          decodeDocument(document as Uint8Array, String(id));
        } catch {
          findings.push(`The ${what} ${String(id)} is damaged`);
        }
      }
    }
    return findings.slice(0, MOST_FINDINGS);
  } finally {
    database.close();
  }
}

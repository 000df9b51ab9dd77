import { openUnchecked } from './connection.ts';
import { damageIn } from './damage.ts';

const MOST_FINDINGS = 20;

/**
 * Reads the whole store, every document of it, and says what is wrong with it.
 *
 * @returns a sentence for each finding, at most twenty; none when it is sound
 * @throws StoreError when it cannot be opened
 */
export function integrityFindings(path: string): readonly string[] {
  const { database } = openUnchecked({ path });
  try {
    return damageIn(database, path, { withDocuments: true }).take(MOST_FINDINGS).toArray();
  } finally {
    database.close();
  }
}

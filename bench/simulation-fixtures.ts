/**
 * Turns recorded event logs into the compact runs that tests and the back-test read:
 * `node bench/simulation-fixtures.ts LOG_DIRECTORY` writes `test/fixtures/whatif/NAME.json.gz`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { linesOfBuffer } from '../src/eventlog/bytes/lines.ts';
import { replayEventLog } from '../src/eventlog/replay/replay.ts';

/** What the simulation reads of the environment; the rest names paths and ports of the recording machine. */
const KEPT = /^spark\.(master$|task\.cpus|scheduler\.mode|executor\.(cores|instances|memory)|dynamicAllocation\.)/;

const [directory = '.'] = process.argv.slice(2);
const target = join(import.meta.dirname, '../test/fixtures/whatif');

for (const file of readdirSync(directory).filter((name) => name.endsWith('.log.gz'))) {
  const { detail, environment } = await replayEventLog(linesOfBuffer(gunzipSync(readFileSync(join(directory, file)))));
  const properties = Object.fromEntries((environment?.sparkProperties ?? []).filter(([key]) => KEPT.test(key)));
  // Plans and sums by executor and host are not read here, and are most of the bytes.
  const run = { properties, detail: { ...detail, sql: [], perExecutor: [], perHost: [] } };
  const rounded = JSON.stringify(run, (_, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 10) / 10 : value,
  );
  writeFileSync(join(target, `${basename(file, '.log.gz')}.json.gz`), gzipSync(rounded, { level: 9 }));
}

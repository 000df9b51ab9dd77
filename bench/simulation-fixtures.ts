/**
 * Turns recorded event logs into the compact runs that tests and the back-test read:
 * `node bench/simulation-fixtures.ts LOG_DIRECTORY` writes `test/fixtures/whatif/NAME.json.gz`.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readRunDetail } from '../test/support/read-run-detail.ts';

/** What the simulation reads of the environment; the rest names paths and ports of the recording machine. */
const KEPT =
  /^spark\.(master$|task\.cpus|scheduler\.mode|executor\.(cores|instances|memory)|dynamicAllocation\.|sql\.(adaptive|shuffle)\.)/;

const [directory = '.'] = process.argv.slice(2);
const target = join(import.meta.dirname, '../test/fixtures/whatif');

for (const file of readdirSync(directory).filter((name) => name.endsWith('.log.gz'))) {
  const { detail, properties } = readRunDetail(join(directory, file));
  const kept = (all: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([key]) => KEPT.test(key)));
  const stages = detail.stages.map((stage) => ({ ...stage, properties: kept(stage.properties) }));
  const run = { properties: kept(properties), detail: { ...detail, stages } };
  const rounded = JSON.stringify(run, (_, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 10) / 10 : value,
  );
  writeFileSync(join(target, `${basename(file, '.log.gz')}.json.gz`), gzipSync(rounded, { level: 9 }));
}

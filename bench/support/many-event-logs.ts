import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { cloneEventLogs } from '../../test/support/clone-event-logs.ts';

const FIXTURES = new URL('../../test/fixtures/replay/corpus/', import.meta.url);
/** 157 to 311 KB, 222 KB on average: SQL with several stages, one that spills, one that fails, one with retries. */
const TEMPLATES = ['3.5.7-driver-heavy', '4.0.1-spill', '4.0.1-failing', '4.0.1-retries'];

/**
 * Writes a folder of plain logs out of four real ones, each with ids, names and times of its own.
 *
 * @returns bytes of all logs together
 */
export async function writeManyEventLogs(logDir: string, count: number): Promise<number> {
  await mkdir(logDir, { recursive: true });
  const share = Math.ceil(count / TEMPLATES.length);
  for (const [index, name] of TEMPLATES.entries()) {
    const template = join(logDir, 'template');
    await writeFile(template, brotliDecompressSync(await readFile(new URL(`${name}.log.br`, FIXTURES))));
    const firstNumber = index * share;
    await cloneEventLogs({ template, logDir, firstNumber, count: Math.min(share, count - firstNumber) });
    await rm(template);
  }
  let bytes = 0;
  for (const name of await readdir(logDir)) bytes += (await stat(join(logDir, name))).size;
  return bytes;
}

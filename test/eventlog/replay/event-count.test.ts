import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import type { LogFile } from '../../../src/eventlog/bytes/log-file.ts';
import { memoryFile } from '../../../src/eventlog/bytes/log-file.ts';
import { linesOf } from '../../../src/eventlog/bytes/log-lines.ts';
import { replayEventLog } from '../../../src/eventlog/replay/replay.ts';
import { CORPUS_LOGS, DECODED_BY_SPARK } from '../bytes/decoded-by-spark.ts';

const CODECS = new URL('../../fixtures/event-logs/codecs/', import.meta.url);

function fileOf(name: string, folder: URL): LogFile {
  return memoryFile(name, readFileSync(new URL(name, folder)));
}

async function countedIn(files: readonly LogFile[]): Promise<{ readonly events: number; readonly skipped: number }> {
  const { quality } = (await replayEventLog(linesOf('log', files))).detail;
  return { events: quality.events, skipped: quality.skippedLines };
}

// Expected values: how many lines Spark's own decoders give, and what the fixture's README counts.
describe('eventlog/replay: counted events', () => {
  for (const [name, lines] of DECODED_BY_SPARK) {
    it(`are the ${lines} lines of ${name}`, async () => {
      expect(await countedIn([fileOf(name, CORPUS_LOGS)])).to.deep.equal({ events: lines, skipped: 0 });
    });
  }

  it('are 24 in each codec, 72 in a log of three files, and 24 when the last newline is missing', async () => {
    for (const name of ['app', 'app.gz', 'app.lz4', 'app.lzf', 'app.snappy', 'app.zstd']) {
      expect(await countedIn([fileOf(name, CODECS)]), name).to.deep.equal({ events: 24, skipped: 0 });
    }
    const rolled = ['app', 'app.zstd', 'app.gz'].map((name) => fileOf(name, CODECS));
    expect(await countedIn(rolled)).to.deep.equal({ events: 72, skipped: 0 });

    const bytes = readFileSync(new URL('app', CODECS));
    expect(bytes.at(-1)).to.equal(10);
    expect(await countedIn([memoryFile('app', bytes.subarray(0, -1))])).to.deep.equal({ events: 24, skipped: 0 });
  });

  it('and skipped lines are all lines: 23 and 1 when the last line is cut', async () => {
    const bytes = readFileSync(new URL('app', CODECS));

    expect(await countedIn([memoryFile('app', bytes.subarray(0, -2))])).to.deep.equal({ events: 23, skipped: 1 });
  });
});

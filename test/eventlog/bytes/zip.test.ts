import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { findLogs } from '../../../src/eventlog/bytes/layout.ts';
import { memoryFile, readRange } from '../../../src/eventlog/bytes/log-file.ts';
import { linesOf } from '../../../src/eventlog/bytes/log-lines.ts';
import { listZip, zipEntry } from '../../../src/eventlog/bytes/zip.ts';
import { EventLogError } from '../../../src/util/errors.ts';
import { makeZip } from './make-zip.ts';

const FIXTURES = new URL('../../fixtures/event-logs/', import.meta.url);

async function linesInZip(bytes: Buffer): Promise<Record<string, number>> {
  const archive = memoryFile('a.zip', bytes);
  const counts: Record<string, number> = {};
  for (const { path, files } of findLogs(await listZip(archive, { version: '' }))) {
    const entries = files.map((file) => zipEntry(archive, file, file.member!));
    counts[path] = (await linesOf(path, entries).forEach(() => undefined)).lines;
  }
  return counts;
}

describe('eventlog/bytes/zip', () => {
  it("reads the History Server's download of two attempts, each one file of 24 events", async () => {
    const counts = await linesInZip(readFileSync(new URL('archives/two-attempts.zip', FIXTURES)));

    expect(counts).to.deep.equal({ 'a.zip/local-1426633911242': 24, 'a.zip/local-1426533911241': 24 });
  });

  it("reads the History Server's download of a rolling log of 31 events, compressed twice", async () => {
    const counts = await linesInZip(readFileSync(new URL('archives/rolling.zip', FIXTURES)));

    // 31 lines as zstd-jni, Spark's own decoder, gives them.
    const folder = 'a.zip/eventlog_v2_application_1795250787152_0001_1';
    expect(counts).to.deep.equal({ [`${folder}/events_*_application_1795250787152_0001_1`]: 31 });
  });

  it('gives the first bytes of an entry without the rest', async () => {
    const archive = memoryFile('a.zip', makeZip([{ name: 'log', content: Buffer.from('0123456789') }]));
    const [entry] = await listZip(archive, { version: '' });

    expect((await readRange(zipEntry(archive, entry!, entry!.member!), 0, 4)).toString()).to.equal('0123');
  });

  it('leaves out entries whose names lead out of the archive, and encrypted ones', async () => {
    const content = Buffer.from('{}');
    const names = ['../up', '/etc/passwd', 'a/../../b', 'a\\..\\b', 'a\0b', './c', 'folder/', 'ok/log'];
    const zip = makeZip([...names.map((name) => ({ name, content })), { name: 'secret', content, flags: 1 }]);

    const listed = await listZip(memoryFile('a.zip', zip), { version: '' });

    expect(listed.map((file) => file.path)).to.deep.equal(['a.zip/ok/log']);
  });

  it('refuses what is no zip, an entry that is not where it should be, and any cut or changed archive, with a reason', async () => {
    const zip = makeZip([{ name: 'log', content: Buffer.from('{"a":1}\n') }]);
    const attempts = [
      Buffer.from('no zip'),
      Buffer.alloc(0),
      makeZip([{ name: 'log', content: Buffer.from('x'), offset: 3 }]),
      zip.subarray(0, -5),
    ];
    for (const bytes of attempts) {
      const error: unknown = await linesInZip(bytes).catch((thrown: unknown) => thrown);

      expect(error).to.be.instanceOf(EventLogError).with.property('code', 'EVENT_LOG_ARCHIVE');
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(zip);
        bytes[at] = bytes[at]! ^ change;

        const outcome: unknown = await linesInZip(bytes).catch((error: unknown) => error);

        if (outcome instanceof Error) expect(outcome).to.be.instanceOf(EventLogError);
      }),
    );
  });
});

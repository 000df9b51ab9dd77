import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { memoryFile } from '../../../src/eventlog/bytes/log-file.ts';
import { DEFAULT_LIMITS, Meter } from '../../../src/eventlog/bytes/limits.ts';
import { decodedBytes, linesOf } from '../../../src/eventlog/bytes/log-lines.ts';
import { CORPUS_LOGS as LOGS, DECODED_BY_SPARK } from './decoded-by-spark.ts';

describe('eventlog/bytes: logs of Spark 3.5 and 4.0', () => {
  for (const [name, lines, bytes, sha256] of DECODED_BY_SPARK) {
    it(`decodes ${name} to ${lines} lines and ${bytes} bytes, the same as Spark's decoder`, async () => {
      const file = memoryFile(name, readFileSync(new URL(name, LOGS)));
      const hash = createHash('sha256');
      for await (const chunk of decodedBytes(file, new Meter(DEFAULT_LIMITS))) hash.update(chunk);

      const { position, ...report } = await linesOf(name, [file]).forEach(() => undefined);

      expect(hash.digest('hex').slice(0, 16)).to.equal(sha256);
      expect(report).to.deep.equal({ lines, bytes, storedBytes: file.size, tooLong: [], torn: [] });
      expect(position).to.deep.include({ files: [name], offset: bytes, line: lines });
    });
  }
});

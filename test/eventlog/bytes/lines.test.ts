import { expect } from 'chai';
import fc from 'fast-check';
import { LineSplitter, linesOfBuffer } from '../../../src/eventlog/bytes/lines.ts';

/** Splits the text in chunks that end at the given offsets. */
function split(
  text: Buffer,
  cuts: readonly number[],
  maxLineBytes?: number,
): { lines: string[]; numbers: number[]; dropped: number; tooLong: number[] } {
  const lines: string[] = [];
  const numbers: number[] = [];
  const splitter = new LineSplitter(
    (bytes, start, end) => {
      lines.push(bytes.toString('utf8', start, end));
      numbers.push(splitter.lineNumber);
    },
    { maxLineBytes },
  );
  let from = 0;
  for (const cut of [...cuts.map((c) => c % (text.length + 1)).sort((a, b) => a - b), text.length]) {
    const chunk = Buffer.from(text.subarray(from, cut));
    splitter.push(chunk);
    chunk.fill(0xff); // A caller may use its buffer again.
    from = cut;
  }
  const { droppedBytes } = splitter.end();
  return { lines, numbers, dropped: droppedBytes, tooLong: splitter.tooLong };
}

describe('eventlog/bytes/lines', () => {
  it('gives the same lines however the bytes are cut into chunks', () => {
    const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => JSON.stringify(text));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(), { maxLength: 12 }), (lines, cuts) => {
        const text = Buffer.from(lines.map((l) => `${l}\n`).join(''));

        expect(split(text, cuts).lines).to.deep.equal(lines);
      }),
    );
  });

  it('numbers lines from 1, counts empty ones and does not hand them over', () => {
    const result = split(Buffer.from('{"a":1}\n\n\r\n{"b":2}\r\n'), [3]);

    expect(result.lines).to.deep.equal(['{"a":1}', '{"b":2}']);
    expect(result.numbers).to.deep.equal([1, 4]);
  });

  it('hands over a last line without newline when it is whole JSON, and drops it when it is cut', () => {
    expect(split(Buffer.from('{"a":1}\n{"b":{"c":2}}'), []).lines).to.deep.equal(['{"a":1}', '{"b":{"c":2}}']);

    const torn = split(Buffer.from('{"a":1}\n{"b":{"c":2}'), [9, 12]);
    expect(torn.lines).to.deep.equal(['{"a":1}']);
    expect(torn.dropped).to.equal(12);
  });

  it('leaves out a line above the limit and goes on behind it', () => {
    for (const cuts of [[], [12], [5, 9, 14, 20]]) {
      const result = split(Buffer.from(`"ok"\n"${'x'.repeat(10)}"\n"ok2"\n"${'y'.repeat(30)}"`), cuts, 10);

      expect(result.lines).to.deep.equal(['"ok"', '"ok2"']);
      expect(result.tooLong).to.deep.equal([2, 4]);
    }
  });

  it('leaves out a line that would take more memory to parse than there is', () => {
    const log = Buffer.from(`"ok"\n{"plan":"${'x'.repeat(300_000)}"}\n${'['.repeat(300_000)}\n"ok2"\n`);
    const lengths: number[] = [];
    const splitter = new LineSplitter((_bytes, start, end) => void lengths.push(end - start), {
      room: () => 20_000_000,
    });

    splitter.push(log);

    expect(lengths).to.deep.equal([4, 300_011, 5]);
    expect(splitter.tooLong).to.deep.equal([3]);
  });

  it('reports the place of a cut last line', async () => {
    const lines = linesOfBuffer(Buffer.from('1\n2\n{"x"'), 'a.log');

    const report = await lines.forEach(() => undefined);

    expect(report).to.deep.equal({
      lines: 2,
      bytes: 8,
      storedBytes: 8,
      tooLong: [],
      torn: [{ file: 'a.log', line: 3, droppedBytes: 4, reason: 'the last line is cut' }],
    });
  });

  it('passes on what the handler throws', async () => {
    const lines = linesOfBuffer(Buffer.from('1\n2\n'));

    const thrown: unknown = await lines
      .forEach(() => {
        throw new RangeError('no');
      })
      .catch((error: unknown) => error);

    expect(thrown).to.be.instanceOf(RangeError);
    expect(lines.place()).to.deep.equal({ file: 'memory', line: 1 });
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { RepeatedLists } from '../../../src/sources/history-server/repeated-lists.ts';
import { parseJson } from '../../../src/util/lossless-json.ts';

const KEYS = ['hadoopProperties', 'classpathEntries', 'sparkProperties', 'x'];
const name = fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: 'grapheme', maxLength: 5 }));
/** Texts that look like the keys and signs that are searched for. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('"hadoopProperties":[', '\\"hadoopProperties": [["a","b"]]', ']', '\\', '"', ...KEYS),
);
const pairs = fc.array(fc.tuple(text, text), { maxLength: 4 });
const { answer } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(text, fc.integer(), fc.constant(null), fc.constant(0)),
    pairs,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('answer'),
  ),
  answer: fc.dictionary(name, fc.oneof(pairs, tie('value')), { maxKeys: 5 }),
}));

const bytes = (value: unknown, indent?: number): Buffer => Buffer.from(JSON.stringify(value, undefined, indent));

describe('sources/history-server/repeated-lists', () => {
  const list = [
    ['fs.defaultFS', 'hdfs://nn "1"'],
    ['io.file', '[\\'],
  ];

  it('parses what JSON.parse does, whatever repeats, nests and is spelt like a key', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(answer, fc.constantFrom(0, 2)), { minLength: 1, maxLength: 6 }), (answers) => {
        const lists = new RepeatedLists();
        for (const [value, indent] of [...answers, ...answers]) {
          const body = bytes(value, indent);
          expect(lists.parse(body)).to.deep.equal(parseJson(body.toString()));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is not misled by a list of such a name further in', () => {
    const lists = new RepeatedLists();
    for (const outer of [0, null, 'x', list]) {
      const body = bytes({ inner: { hadoopProperties: [] }, hadoopProperties: outer });
      for (let time = 0; time < 2; time += 1) expect(lists.parse(body)).to.deep.equal(JSON.parse(body.toString()));
    }
  });

  it('hands out the same frozen list for the same bytes, and keeps the rest apart', () => {
    const lists = new RepeatedLists();
    const parse = (id: number, hadoopProperties: unknown) =>
      lists.parse(bytes({ id, hadoopProperties, classpathEntries: [['a.jar', 'System Classpath']] })) as {
        readonly id: number;
        readonly hadoopProperties: readonly unknown[];
        readonly classpathEntries: readonly unknown[];
      };

    const [first, second] = [parse(1, list), parse(2, list)];
    expect([first.id, second.id]).to.deep.equal([1, 2]);
    expect(second.hadoopProperties).to.equal(first.hadoopProperties);
    expect(second.classpathEntries).to.equal(first.classpathEntries);
    expect(Object.isFrozen(second.hadoopProperties) && Object.isFrozen(second.hadoopProperties[0])).to.equal(true);

    const other = parse(3, [...list, ['one', 'more']]);
    expect(other.hadoopProperties).to.deep.equal([...list, ['one', 'more']]);
    expect(parse(4, list).hadoopProperties).to.equal(first.hadoopProperties);
  });

  it('remembers the eight it saw last', () => {
    const lists = new RepeatedLists();
    const parse = (value: string) =>
      (lists.parse(bytes({ hadoopProperties: [['name', value]] })) as { hadoopProperties: unknown }).hadoopProperties;

    const first = parse('0');
    for (let other = 1; other < 8; other += 1) parse(String(other));
    expect(parse('0')).to.equal(first);
    for (let other = 1; other <= 8; other += 1) parse(String(other));
    const again = parse('0');
    expect(again).to.deep.equal(first);
    expect(again).to.not.equal(first);
  });

  it('says of text that breaks off anywhere, or is no JSON, what JSON.parse says', () => {
    const whole = bytes({ id: 1, hadoopProperties: list, classpathEntries: [], after: 'x' }, 1);
    const lists = new RepeatedLists();
    lists.parse(whole);

    for (let end = 0; end < whole.length; end += 1) {
      const body = whole.subarray(0, end);
      let said = '';
      try {
        JSON.parse(body.toString());
      } catch (error) {
        said = String(error);
      }
      expect(() => lists.parse(body)).to.throw(SyntaxError, said.replace('SyntaxError: ', ''));
    }
  });

  it('takes a name that comes twice as JSON.parse does: the last one counts', () => {
    const lists = new RepeatedLists();
    const twice = Buffer.from('{"hadoopProperties":[["a","1"]],"hadoopProperties":[["a","2"]]}');
    expect([lists.parse(twice), lists.parse(twice)]).to.deep.equal(Array(2).fill({ hadoopProperties: [['a', '2']] }));
  });

  it('leaves a list alone that is not of texts', () => {
    const lists = new RepeatedLists();
    const body = Buffer.from('{"hadoopProperties":[["a",9007199254740993]]}');
    for (const parsed of [lists.parse(body), lists.parse(body)]) {
      expect(parsed).to.deep.equal({ hadoopProperties: [['a', 9_007_199_254_740_993n]] });
      expect(Object.isFrozen((parsed as { hadoopProperties: unknown }).hadoopProperties)).to.equal(false);
    }
  });
});

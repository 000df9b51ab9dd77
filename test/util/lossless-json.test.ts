import { expect } from 'chai';
import fc from 'fast-check';
import { parseJson, stringifyJson } from '../../src/util/lossless-json.ts';

describe('util/lossless-json', () => {
  it('keeps every digit of a whole number beyond 2^53, and leaves the others numbers', () => {
    const text =
      '{"max":9223372036854775807,"min":-9223372036854775808,"edge":9007199254740991,"over":9007199254740993,"list":[ 12345678901234567890 ]}';

    expect(parseJson(text)).to.deep.equal({
      max: 9223372036854775807n,
      min: -9223372036854775808n,
      edge: 9007199254740991,
      over: 9007199254740993n,
      list: [12345678901234567890n],
    });
  });

  it('leaves fractions, exponents and digits in texts as JSON.parse has them', () => {
    const text = '{"a":1234567890123456.5,"b":1e400,"c":"x:12345678901234567890","d":0.12345678901234567890,"e":1e3}';

    expect(parseJson(text)).to.deep.equal({
      a: 1234567890123456.5,
      b: Infinity,
      c: 'x:12345678901234567890',
      d: 0.12345678901234568,
      e: 1000,
    });
  });

  it('throws a SyntaxError as JSON.parse does', () => {
    expect(() => parseJson('{"a":')).to.throw(SyntaxError);
    expect(() => parseJson('')).to.throw(SyntaxError);
  });

  it('writes what it reads', () => {
    const text = '{"a":9223372036854775807,"b":[1,null,true,"ü"]}';

    expect(stringifyJson(parseJson(text))).to.equal(text);
    expect(stringifyJson({ a: 2n ** 63n }, 2)).to.equal('{\n  "a": 9223372036854775808\n}');
  });

  it('gives any whole number back, digit for digit', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n })), (numbers) => {
        const parsed = parseJson(`[${numbers.join(', ')}]`) as (number | bigint)[];

        expect(parsed.map(BigInt)).to.deep.equal(numbers);
        expect(parsed.filter((number) => typeof number === 'number' && !Number.isSafeInteger(number))).to.deep.equal(
          [],
        );
      }),
    );
  });

  it('keeps a key named __proto__ and pollutes nothing', () => {
    const parsed = parseJson('{"__proto__":{"polluted":1234567890123456789}}') as object;

    expect(Object.keys(parsed)).to.deep.equal(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });
});

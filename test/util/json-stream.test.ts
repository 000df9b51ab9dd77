import { expect } from 'chai';
import fc from 'fast-check';
import { JsonElements, JsonEntries, jsonChunks } from '../../src/util/json-stream.ts';
import { stringifyJson } from '../../src/util/lossless-json.ts';

function written(value: unknown): string {
  return [...jsonChunks(value)].join('');
}

describe('util/json-stream', () => {
  it('writes any JSON byte for byte as JSON.stringify does with two blanks', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(written(value)).to.equal(JSON.stringify(value, undefined, 2));
      }),
    );
  });

  it('writes lists and objects that are made on the way as if they were there', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (elements, members) => {
        const lazy = { before: 1, members: new JsonEntries(Object.entries(members)), after: [{ a: 1 }] };
        const whole = { before: 1, members, after: [{ a: 1 }] };

        expect(written(new JsonElements([lazy, ...elements]))).to.equal(
          JSON.stringify([whole, ...elements], undefined, 2),
        );
      }),
    );
  });

  it('leaves undefined members out, makes undefined elements null, and keeps every digit', () => {
    const value = [{ a: undefined, b: new JsonElements([undefined, 9007199254740993n]) }];

    expect(written(value)).to.equal('[\n  {\n    "b": [\n      null,\n      9007199254740993\n    ]\n  }\n]');
    expect(written({ a: 9007199254740993n })).to.equal(stringifyJson({ a: 9007199254740993n }, 2));
  });

  it('makes an element only when its turn comes', () => {
    let made = 0;
    function* elements(): Generator<number> {
      for (;;) yield made++;
    }
    const chunks = jsonChunks(new JsonElements(elements()));

    for (let i = 0; i < 6; i++) chunks.next();
    chunks.return();

    expect(made).to.be.within(2, 4);
  });
});

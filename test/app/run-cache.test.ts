import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { roughSize } from '../../src/app/rough-size.ts';
import { RunCache } from '../../src/app/run-cache.ts';

const SIGNAL = new AbortController().signal;

describe('app/run-cache', () => {
  let loads: string[];
  let cache: RunCache<string>;
  beforeEach(() => {
    loads = [];
    cache = new RunCache<string>({ maxBytes: 10, sizeOf: (run) => run.length });
  });

  const get = (run: string, token = 't'): Promise<string> =>
    cache.get(
      run,
      token,
      () => {
        loads.push(run);
        return Promise.resolve(run);
      },
      SIGNAL,
    );

  it('loads a run of 4 bytes once, and keeps two of them in 10 bytes, those that were asked for last', async () => {
    for (const run of ['aaaa', 'bbbb', 'aaaa', 'cccc', 'aaaa', 'bbbb']) await get(run);

    expect(loads).to.deep.equal(['aaaa', 'bbbb', 'cccc', 'bbbb']);
    expect(cache.bytes).to.equal(8);
  });

  it('gives a run of 11 bytes out without keeping it, and keeps the others', async () => {
    await get('aaaa');
    expect(await get('x'.repeat(11))).to.have.length(11);
    await get('x'.repeat(11));
    await get('aaaa');

    expect(loads.map((run) => run.length)).to.deep.equal([4, 11, 11]);
  });

  it('loads anew what has changed', async () => {
    await get('aaaa', 'before');
    await get('aaaa', 'after');
    await get('aaaa', 'after');

    expect(loads).to.have.length(2);
    expect(cache.bytes).to.equal(4);
  });

  it('loads once for 50 who ask at the same time, and tells a failure to each', async () => {
    let calls = 0;
    const fail = (): Promise<string> => {
      calls += 1;
      return Promise.reject(new Error('no'));
    };
    const asked = Array.from({ length: 50 }, () => cache.get('a', 't', fail, SIGNAL).catch((error: unknown) => error));

    const answers = await Promise.all(asked);
    expect(answers.every((answer) => answer instanceof Error && answer.message === 'no')).to.equal(true);
    expect(calls).to.equal(1);

    // A failure is not kept.
    await get('a');
    expect(loads).to.deep.equal(['a']);
  });

  it('goes on loading for who asks again, when the first one has left', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const leaving = new AbortController();
    const first = cache.get('a', 't', () => promise, leaving.signal).catch((error: unknown) => error);
    await nextTurn();
    leaving.abort(new Error('left'));

    expect(await first).to.have.property('message', 'left');
    resolve('run');
    expect(await get('a')).to.equal('run');
    expect(loads).to.deep.equal([]);
  });

  it('tells a load whose turn comes late that nobody waits any more', async () => {
    let isWanted = (): boolean => true;
    const leaving = new AbortController();
    const never = new Promise<string>(() => undefined);
    const first = cache
      .get(
        'a',
        't',
        (wanted) => {
          isWanted = wanted;
          return never;
        },
        leaving.signal,
      )
      .catch((error: unknown) => error);
    await nextTurn();
    expect(isWanted()).to.equal(true);

    leaving.abort(new Error('left'));
    await first;

    expect(isWanted()).to.equal(false);
  });
});

describe('app/rough-size', () => {
  it('counts texts, numbers, lists, maps and the bytes of typed arrays', () => {
    expect(roughSize('x'.repeat(1000))).to.equal(1016);
    expect(roughSize(new Float64Array(1000))).to.equal(8032);
    expect(roughSize([1, 2, 3])).to.equal(32 + 3 * 8);
    expect(roughSize(new Map([[1, 'abc']]))).to.equal(32 + 2 * 8 + 19);
    expect(roughSize(undefined)).to.equal(0);
  });
});

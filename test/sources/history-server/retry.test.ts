import { expect } from 'chai';
import { parseRetryAfter, retriesAfter, waitBeforeRetry } from '../../../src/sources/history-server/retry.ts';
import { SourceError } from '../../../src/util/errors.ts';

describe('sources/history-server/retry', () => {
  const unavailable = (details: Readonly<Record<string, unknown>> = {}): SourceError =>
    new SourceError('SOURCE_UNAVAILABLE', '', { details });

  it('doubles the longest wait from 250 ms to 15 s, and takes a random part of it', () => {
    const longest = [1, 2, 3, 4, 7, 30].map((tries) => waitBeforeRetry(unavailable(), tries, 1));

    expect(longest).to.deep.equal([250, 500, 1000, 2000, 15_000, 15_000]);
    expect(waitBeforeRetry(unavailable(), 3, 0)).to.equal(0);
    expect(waitBeforeRetry(unavailable(), 3, 0.25)).to.equal(250);
  });

  it('waits at least as long as the server asks', () => {
    expect(waitBeforeRetry(unavailable({ retryAfterMs: 7000 }), 1, 0)).to.equal(7000);
    expect(waitBeforeRetry(unavailable({ retryAfterMs: 7000 }), 1, 0.5)).to.equal(7125);
  });

  it('does not wait after a connection that broke, the first time; but after one that could not be made', () => {
    const broken = [
      unavailable({ code: 'ECONNRESET' }),
      unavailable({ code: 'UND_ERR_SOCKET' }),
      new SourceError('SOURCE_TRUNCATED', ''),
    ];

    expect(broken.map((error) => waitBeforeRetry(error, 1, 1))).to.deep.equal([0, 0, 0]);
    expect(broken.map((error) => waitBeforeRetry(error, 2, 1))).to.deep.equal([500, 500, 500]);
    expect(waitBeforeRetry(unavailable({ code: 'ECONNREFUSED' }), 1, 1)).to.equal(250);
  });

  it('reads Retry-After as seconds or as a date, and nothing else', () => {
    const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');

    expect(parseRetryAfter('120', now)).to.equal(120_000);
    expect(parseRetryAfter('Wed, 21 Oct 2026 07:28:30 GMT', now)).to.equal(30_000);
    expect(parseRetryAfter('Wed, 21 Oct 2026 07:00:00 GMT', now)).to.equal(0);
    expect(parseRetryAfter('soon', now)).to.equal(undefined);
    expect(parseRetryAfter(undefined, now)).to.equal(undefined);
  });

  it('tries again what may pass, twice after a 500, and never what would fail the same way', () => {
    const codes = [
      'SOURCE_UNAVAILABLE',
      'SOURCE_TRUNCATED',
      'SOURCE_SERVER_ERROR',
      'SOURCE_TIMEOUT',
      'SOURCE_NOT_JSON',
      'SOURCE_UNAUTHORIZED',
      'SOURCE_RUN_VANISHED',
      'SOURCE_REFUSED',
    ];

    expect(codes.map((code) => retriesAfter(new SourceError(code, ''), 5))).to.deep.equal([5, 5, 2, 0, 0, 0, 0, 0]);
    expect(retriesAfter(new SourceError('SOURCE_SERVER_ERROR', ''), 1)).to.equal(1);
  });
});

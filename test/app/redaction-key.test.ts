import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redactionKey } from '../../src/app/redaction-key.ts';

describe('app/redaction-key', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spot-key-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is made once, kept for its owner alone, and the same at the next start', () => {
    const first = redactionKey('', { STATE_DIRECTORY: folder });

    expect(first).to.match(/^[0-9a-f]{64}$/);
    expect(readFileSync(join(folder, 'redaction.key'), 'utf8')).to.equal(first);
    expect(statSync(join(folder, 'redaction.key')).mode & 0o777).to.equal(0o600);
    expect(redactionKey('', { STATE_DIRECTORY: folder })).to.equal(first);
  });

  it('is the configured one when there is one', () => {
    expect(redactionKey('mine', { STATE_DIRECTORY: folder })).to.equal('mine');
  });

  it('is of this start only where nothing can be kept', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');

    const [first, second] = [redactionKey('', { STATE_DIRECTORY: file }), redactionKey('', { STATE_DIRECTORY: file })];

    expect(first)
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(second);
  });
});

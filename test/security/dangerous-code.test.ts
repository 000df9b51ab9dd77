import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, '../../src');
const FILES = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));

/** Places of the source, without its comments, where a pattern matches. */
function found(pattern: RegExp): string[] {
  return FILES.flatMap((path) => {
    const code = readFileSync(join(SOURCE, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    return [...code.matchAll(pattern)].map(([match]) => `${path}: ${match}`);
  });
}

describe('security: what the source does not do', () => {
  it('looks into all of it', () => {
    expect(FILES).to.have.length.above(300);
    // The search finds what is there.
    expect(found(/\bcreateHash\(/g)).to.not.be.empty;
  });

  it('runs no text as a program', () => {
    expect(found(/\beval\s*\(|\bnew Function\b|\bFunction\s*\(['"`]|node:vm\b|\bimport\s*\([^'"`)]/g)).to.deep.equal(
      [],
    );
  });

  it('starts no shell, and one program only: the one that sends mail', () => {
    expect(found(/node:child_process/g)).to.deep.equal(['integrations/alerts/mail-command.ts: node:child_process']);
    expect(found(/\bshell:\s*(?!false\b)\S+/g)).to.deep.equal([]);
  });

  it('hashes with SHA-256 alone, and has no cryptography but that of Node', () => {
    const algorithms = found(/\bcreate(?:Hash|Hmac)\(\s*'[^']*'/g).map((place) => /'([^']*)'/.exec(place)?.[1]);

    expect([...new Set(algorithms)]).to.deep.equal(['sha256']);
    expect(found(/\bcreate(?:Hash|Hmac)\(\s*[^'\s)]/g)).to.deep.equal([]);
    expect(found(/\bcreate(?:Cipher|Decipher|Sign|Verify)\w*\(|\b(?:pbkdf2|scrypt)\w*\(/g)).to.deep.equal([]);
  });

  it('makes no secret of Math.random', () => {
    // Waits before the next try: they need to differ, not to be unknown.
    const places = found(/Math\.random\b/g).map((place) => place.slice(0, place.indexOf(':')));

    for (const place of places)
      expect(place).to.match(/history-server|sources\/|store\/|crawler|retry|environment|spot\.ts/);
  });

  it('has certificates checked unless `insecure` says otherwise, but where the doctor reads a clock and sends nothing', () => {
    const unchecked = found(/rejectUnauthorized:\s*false/g);
    const decided = found(/rejectUnauthorized:\s*(?!false|boolean)[^,\s}]+/g);

    expect(unchecked).to.deep.equal(['app/doctor.ts: rejectUnauthorized: false']);
    expect(decided.toSorted()).to.deep.equal([
      'sources/history-server/tls.ts: rejectUnauthorized: !insecure',
      'store/elasticsearch/client.ts: rejectUnauthorized: true',
    ]);
  });
});

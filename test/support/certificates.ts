import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key, as PEM and as files. */
export interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly certPath: string;
  readonly keyPath: string;
}

export interface Certificates extends Disposable {
  readonly caPath: string;
  readonly ca: Buffer;
  /** Signed by the authority. `days` below 0 makes one that has expired. */
  sign(name: string, subjectAltName: string, days?: number): Identity;
  /** Signed by nobody but itself. */
  selfSign(name: string, subjectAltName: string): Identity;
}

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority of its own, made by openssl in a temporary folder for the length of a test. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'spot-certificates-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe' });
  };
  const identity = (name: string): Identity => {
    const certPath = file(`${name}.pem`);
    const keyPath = file(`${name}.key`);
    return { certPath, keyPath, cert: readFileSync(certPath), key: readFileSync(keyPath) };
  };
  const selfSign = (name: string, extension: string): Identity => {
    openssl(
      'req',
      '-x509',
      ...EC_KEY,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
      '-addext',
      extension,
    );
    return identity(name);
  };

  selfSign('authority', 'keyUsage=critical,keyCertSign,cRLSign');
  return {
    caPath: file('authority.pem'),
    ca: readFileSync(file('authority.pem')),
    selfSign: (name, subjectAltName) => selfSign(name, `subjectAltName=${subjectAltName}`),
    sign: (name, subjectAltName, days = 2) => {
      openssl(
        'req',
        ...EC_KEY,
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.csr`),
        '-subj',
        `/CN=${name}`,
        '-addext',
        `subjectAltName=${subjectAltName}`,
      );
      openssl(
        'x509',
        '-req',
        '-in',
        file(`${name}.csr`),
        '-CA',
        file('authority.pem'),
        '-CAkey',
        file('authority.key'),
        '-days',
        String(days),
        '-copy_extensions',
        'copy',
        '-out',
        file(`${name}.pem`),
      );
      return identity(name);
    },
    [Symbol.dispose]: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

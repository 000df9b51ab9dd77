import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface CertificateFiles {
  readonly ca: string;
  readonly key: string;
  readonly certificate: string;
}

/** Makes a throw-away authority and a server certificate for `localhost` and 127.0.0.1, with openssl. */
export async function makeCertificates(folder: string): Promise<CertificateFiles> {
  await mkdir(folder, { recursive: true });
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args);

  await openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=spot-test-ca'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ...['-keyout', file('ca.key'), '-out', file('ca.crt')],
  );
  await openssl(
    ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost'],
    ...['-keyout', file('http.key'), '-out', file('http.csr')],
  );
  await writeFile(
    file('extensions'),
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n',
  );
  await openssl(
    ...['x509', '-req', '-in', file('http.csr'), '-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial'],
    ...['-days', '30', '-extfile', file('extensions'), '-out', file('http.crt')],
  );
  return { ca: file('ca.crt'), key: file('http.key'), certificate: file('http.crt') };
}

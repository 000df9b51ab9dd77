import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installMoto } from './install.ts';
import { checkPortIsFree, freePort, ServiceProcess } from './service-process.ts';

export interface RunningS3Server extends AsyncDisposable {
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
  readonly process: ServiceProcess;
}

/**
 * Starts moto's server on 127.0.0.1, which keeps in memory what S3 would and checks no signature; installs it first when
 * it is not there.
 */
export async function startS3Server(): Promise<RunningS3Server> {
  const command = await installMoto();
  const port = await freePort();
  await checkPortIsFree(port);
  const folder = await mkdtemp(join(tmpdir(), 'spot-s3-'));
  const process = new ServiceProcess(command, ['-H', '127.0.0.1', '-p', String(port)], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: folder },
    logFile: join(folder, 'console.log'),
  });
  const url = `http://127.0.0.1:${port}`;
  await process.waitUntil(async () => (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok, 'moto');
  return {
    url,
    process,
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

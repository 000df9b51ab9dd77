import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installSpark, SPARK_VERSIONS } from '../services/install.ts';
import { LEAN_JVM } from '../services/history-server.ts';

export interface WorkloadOptions {
  /** One of `workloads.py list`, such as `skewed-join`. */
  readonly name: string;
  /** Where Spark writes the event log. */
  readonly logDir: string;
  /** Factor on the amount of data or work. Default: 1, which takes 5 to 30 s. */
  readonly scale?: number;
  /** Default: the newest. */
  readonly sparkVersion?: string;
  /** Further options of workloads.py, such as `--codec`, `none`. */
  readonly args?: readonly string[];
}

/**
 * Runs a real Spark application of workloads.py; installs Spark first when it is not there.
 *
 * @returns its application id; also of one that fails, as `failing` and `crash` do on purpose
 */
export async function runWorkload({
  name,
  logDir,
  scale = 1,
  sparkVersion,
  args = [],
}: WorkloadOptions): Promise<string> {
  const spark = await installSpark(sparkVersion ?? SPARK_VERSIONS[0]);
  const workdir = await mkdtemp(join(tmpdir(), 'spot-workload-'));
  const program = fileURLToPath(new URL('workloads.py', import.meta.url));
  const output = await new Promise<string>((resolve) => {
    execFile(
      spark.python,
      [program, name, '--scale', String(scale), '--eventlog-dir', logDir, '--workdir', workdir, ...args],
      {
        cwd: workdir,
        env: {
          PATH: '/usr/local/bin:/usr/bin:/bin',
          JAVA_HOME: spark.javaHome,
          SPARK_LOCAL_IP: '127.0.0.1',
          JDK_JAVA_OPTIONS: LEAN_JVM,
        },
        maxBuffer: 64 * 1024 * 1024,
      },
      (_error, stdout, stderr) => {
        resolve(`${stdout}${stderr}`);
      },
    );
  });
  await rm(workdir, { recursive: true, force: true });
  const id = /^APPLICATION (\S+)$/m.exec(output)?.[1];
  if (id === undefined) throw new Error(`${name} did not start: ${output.slice(-2000)}`);
  return id;
}

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { silentLogger } from '../../../src/logging/logger.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { sampleRun } from '../sample-runs.ts';

export const WRITER = join(import.meta.dirname, 'writer-process.ts');

/** A new folder for each test of a `describe`, with a store in it and processes that write to it; both end with the test. */
export class StoreInAFolder {
  folder = '';
  path = '';
  readonly #children: ChildProcessWithoutNullStreams[] = [];

  constructor() {
    beforeEach(() => {
      this.folder = mkdtempSync(join(tmpdir(), 'spot-sqlite-'));
      this.path = join(this.folder, 'spot.sqlite');
    });

    afterEach(async () => {
      for (const child of this.#children.splice(0)) await killed(child);
      rmSync(this.folder, { recursive: true });
    });
  }

  open(access: 'read' | 'write' = 'write', logger = silentLogger): Promise<SqliteStore> {
    return SqliteStore.open({ path: this.path, access, busyTimeoutMs: 200 }, logger);
  }

  async openAndClose(access: 'read' | 'write' = 'write', logger = silentLogger): Promise<void> {
    await using _store = await this.open(access, logger);
  }

  async fill(count: number): Promise<void> {
    await using store = await this.open();
    await store.saveRuns(Array.from({ length: count }, (_, index) => sampleRun({ appId: `app-${String(index)}` })));
  }

  /** A process that writes five runs after five, and says which were acknowledged. */
  startWriter(...args: string[]): ChildProcessWithoutNullStreams {
    const child = spawn(process.execPath, [WRITER, this.path, ...args]);
    this.#children.push(child);
    return child;
  }
}

/** @throws Error when the process ends, or tells of an error, before such a line */
export async function firstLine(child: ChildProcessWithoutNullStreams, start: string): Promise<void> {
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith(start)) return;
    if (line.startsWith('error')) throw new Error(line);
  }
  throw new Error(`The process ended before it said ${start}`);
}

export async function killed(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

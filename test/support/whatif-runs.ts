/** The recorded runs of `test/fixtures/whatif`: the same applications at several sizes, with the times they really took. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RunDetail } from '../../src/documents/run-detail.ts';

export interface WhatIfRun {
  /** `etl-4x2-r1`: application, executors x cores, repeat. */
  readonly name: string;
  readonly application: string;
  readonly executors: number;
  readonly coresPerExecutor: number;
  readonly detail: RunDetail;
  readonly properties: Readonly<Record<string, string>>;
}

const directory = join(import.meta.dirname, '../fixtures/whatif');

export function whatIfRuns(): WhatIfRun[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json.gz'))
    .sort()
    .map((file) => whatIfRun(file.replace('.json.gz', '')));
}

export function whatIfRun(name: string): WhatIfRun {
  const match = /^(\w+)-(\d+)x(\d+)-r\d+$/.exec(name);
  if (match === null) throw new Error(`Not the name of a what-if run: ${name}`);
  const run = JSON.parse(gunzipSync(readFileSync(join(directory, `${name}.json.gz`))).toString()) as Pick<
    WhatIfRun,
    'detail' | 'properties'
  >;
  return { name, application: match[1]!, executors: Number(match[2]), coresPerExecutor: Number(match[3]), ...run };
}

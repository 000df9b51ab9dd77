/**
 * Kills the process that imports it at a named point: `node --import failpoint.ts`, for tests only.
 *
 * `SPOT_FAIL_AT` is `WHEN CLASS.METHOD COUNT`: `before` or `after` the so manieth call of that method, for example
 * `after SqliteStore.saveRuns 2`. So every boundary of the store is a place to die at, and no product code knows of it.
 */
import { StatementSync } from 'node:sqlite';

type Method = (this: unknown, ...args: unknown[]) => unknown;

const CLASSES: Readonly<Record<string, () => Promise<{ readonly prototype: object }>>> = {
  StatementSync: () => Promise.resolve(StatementSync),
  SqliteStore: async () => (await import('../../src/store/sqlite/sqlite-store.ts')).SqliteStore,
  ElasticsearchStore: async () =>
    (await import('../../src/store/elasticsearch/elasticsearch-store.ts')).ElasticsearchStore,
  BulkWriter: async () => (await import('../../src/store/elasticsearch/bulk.ts')).BulkWriter,
};

const point = process.env['SPOT_FAIL_AT'] ?? '';
const [, when, className = '', method = '', count] = /^(before|after) (\w+)\.(\w+) (\d+)$/.exec(point) ?? [];
const named = await CLASSES[className]?.();
const prototype = named?.prototype as Record<string, Method> | undefined;
const original = prototype?.[method];
if (prototype === undefined || original === undefined) throw new Error(`SPOT_FAIL_AT names no point: ${point}`);

let left = Number(count);
prototype[method] = function (...args) {
  left -= 1;
  if (left !== 0) return original.apply(this, args);
  if (when === 'before') die();
  const result = original.apply(this, args);
  if (result instanceof Promise) return result.finally(die);
  return die();
};

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal comes at once, and nothing may happen before it.
  for (;;);
}

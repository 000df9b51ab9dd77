import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Environment } from './environment.ts';
import { defaultStorePath } from './settings.ts';

const KEY_BYTES = 32;

/**
 * The key under which found secrets are hashed: the configured one, else one of this installation, made once and kept
 * beside the default store, for its owner alone.
 *
 * Where nothing can be kept the key is of this start only: equal secrets of two starts then look different.
 */
export function redactionKey(configured: string, env: Environment['env']): string {
  if (configured !== '') return configured;
  const path = join(dirname(defaultStorePath(env)), 'redaction.key');
  const made = randomBytes(KEY_BYTES).toString('hex');
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Two starts at once: the first one's file wins, the second reads it.
    writeFileSync(path, made, { flag: 'wx', mode: 0o600 });
    return made;
  } catch {
    return keptKey(path) ?? made;
  }
}

function keptKey(path: string): string | undefined {
  try {
    const kept = readFileSync(path, 'utf8').trim();
    return kept.length >= KEY_BYTES ? kept : undefined;
  } catch {
    return undefined;
  }
}

import { runs } from './001-runs.ts';
import { kept } from './002-kept.ts';
import { checksums } from './003-checksums.ts';
import type { Migration } from './migration.ts';

/** Every step ever released, oldest first. A released step is never edited: a change is a new one. */
export const MIGRATIONS: readonly Migration[] = [runs, kept, checksums];

import { containerMib, grantedMib, PLATFORMS } from '../spark/platform.ts';
import type { Configuration } from './history-run.ts';
import type { Limits } from './question.ts';

/** The memory that a platform grants one executor: heap and what is beside it. MiB. */
export function containerOf(
  { memoryMib, overheadMib }: Pick<Configuration, 'memoryMib' | 'overheadMib'>,
  { platform: name }: Pick<Limits, 'platform'>,
): number {
  const platform = PLATFORMS[name];
  return grantedMib(platform, containerMib(platform, { heapMib: memoryMib, overheadMib }));
}

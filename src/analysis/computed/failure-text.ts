import type { FailureGroup, FailureKind } from '../../documents/run-detail.ts';
import type { Fix } from '../finding.ts';

/** What to do about a kind of failure. */
export function fixOfFailure(kind: FailureKind | undefined, properties: Readonly<Record<string, string>>): Fix {
  switch (kind) {
    case 'oom':
      return {
        text: 'A task ran out of heap: more partitions, then fewer cores per executor (each task gets more), then more spark.executor.memory.',
      };
    case 'container-killed':
      if (!/^(yarn|k8s:)/.test(properties['spark.master'] ?? '')) {
        return {
          text: 'The process of the executor was killed from outside (137 is SIGKILL): by a person, or by the host for want of memory; its kernel log tells. If it was memory, give the executors of a host less in all.',
        };
      }
      return {
        text: `The container was killed, nearly always for its memory: raise spark.executor.memoryOverhead (now ${properties['spark.executor.memoryOverhead'] ?? 'the default, a tenth of the heap and at least 384m'}) by half; with Python or off-heap buffers more. If the heap itself was full, cut cores instead.`,
      };
    case 'fetch-failure':
      return {
        text: 'Shuffle blocks were gone with the executor that held them: find why it was lost (see lost-executors) before raising retries or timeouts.',
      };
    case 'executor-lost':
      return { text: 'The executor went away under the task: its log or the resource manager tells why.' };
    case 'commit-denied':
      return { text: 'Two attempts of a task wanted to commit: usual with speculation, harmless when few.' };
    default:
      return { text: 'The program threw: read the message, it is the same on every retry if the data is at fault.' };
  }
}

/** The first line of an error, without its stack. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 200) ?? '';
}

/** The group that cost most, of those that are failures. */
export function worstGroup(groups: readonly FailureGroup[]): FailureGroup | undefined {
  return groups
    .filter(({ kind }) => kind !== 'killed')
    .reduce<FailureGroup | undefined>((worst, group) => (group.count > (worst?.count ?? 0) ? group : worst), undefined);
}

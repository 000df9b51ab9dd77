import type { FailureGroup, FailureKind } from '../../../documents/run-detail.ts';
import { field, optionalText } from '../json-fields.ts';
import type { TaskRecord } from '../task-record.ts';

/** Causes kept apart; what comes after is counted as one. */
const MAX_GROUPS = 200;
/** Stages and executors named for a cause. */
const MAX_NAMED = 1000;
const MAX_EXAMPLE = 500;

interface Group {
  readonly kind: FailureKind;
  readonly className: string;
  readonly example: string;
  count: number;
  lostMs: number;
  readonly stageIds: Set<number>;
  readonly executors: Set<string>;
}

/** What a resource manager says when it kills a container for its memory; 137 is SIGKILL, as the kernel does it. */
const CONTAINER_KILLED =
  /exceeding (?:physical |virtual )?memory limits|OOMKilled|possible container OOM|(?:code|status):? ?(?:is )?137/i;
const OUT_OF_MEMORY = /OutOfMemoryError|GC overhead limit|Cannot allocate memory/;

/** Task attempts that did not succeed, by cause. */
export class Failures {
  readonly #groups = new Map<string, Group>();

  add(task: TaskRecord): void {
    if (task.reason === 'Success') return;
    const message = task.errorMessage ?? '';
    const kind = kindOf(task, message);
    const group = this.#groupOf(kind, classNameOf(task), message);
    group.count++;
    group.lostMs += Math.max(0, task.duration);
    if (group.stageIds.size < MAX_NAMED) group.stageIds.add(task.stageId);
    if (group.executors.size < MAX_NAMED) group.executors.add(task.executorId);
  }

  /** Most frequent first. */
  groups(): FailureGroup[] {
    return [...this.#groups.values()]
      .map((group) => ({ ...group, stageIds: [...group.stageIds], executors: [...group.executors] }))
      .sort((a, b) => b.count - a.count);
  }

  #groupOf(kind: FailureKind, className: string, message: string): Group {
    const isKnown = this.#groups.has(`${kind} ${className}`);
    const other = !isKnown && this.#groups.size >= MAX_GROUPS;
    const [keptKind, keptName]: [FailureKind, string] = other ? ['other', 'other'] : [kind, className];
    const key = `${keptKind} ${keptName}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = {
        kind: keptKind,
        className: keptName,
        example: exampleOf(message),
        count: 0,
        lostMs: 0,
        stageIds: new Set(),
        executors: new Set(),
      };
      this.#groups.set(key, group);
    }
    return group;
  }
}

function kindOf(task: TaskRecord, message: string): FailureKind {
  switch (task.reason) {
    case 'ExceptionFailure': {
      const head = `${optionalText(task.reasonFields, 'Class Name') ?? ''} ${optionalText(task.reasonFields, 'Description') ?? ''}`;
      if (OUT_OF_MEMORY.test(head)) return 'oom';
      return head.includes('FetchFailedException') ? 'fetch-failure' : 'exception';
    }
    case 'FetchFailed':
      return 'fetch-failure';
    case 'ExecutorLostFailure':
      if (OUT_OF_MEMORY.test(message)) return 'oom';
      return CONTAINER_KILLED.test(message) ? 'container-killed' : 'executor-lost';
    case 'Resubmitted':
    case 'TaskResultLost':
      return 'executor-lost';
    case 'TaskKilled':
      return 'killed';
    case 'TaskCommitDenied':
      return 'commit-denied';
    default:
      return 'other';
  }
}

/** The exception's class, or Spark's own word for the reason. */
function classNameOf(task: TaskRecord): string {
  const className = task.reason === 'ExceptionFailure' ? field(task.reasonFields, 'Class Name') : undefined;
  return typeof className === 'string' ? className : task.reason;
}

/** The first line; of an error in Python the last line of its traceback, for the first one says only that there is one. */
function exampleOf(message: string): string {
  const [first = ''] = message.split('\n', 1);
  if (!first.includes('PythonException: Traceback')) return first.slice(0, MAX_EXAMPLE);
  const python = message.split('\n\tat ', 1)[0]?.trimEnd();
  return (python?.slice(python.lastIndexOf('\n') + 1) ?? first).slice(0, MAX_EXAMPLE);
}

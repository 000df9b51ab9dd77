import { expect } from 'chai';
import type { FailureGroup } from '../../../../src/documents/run-detail.ts';
import { logOf, replayLog } from '../support.ts';

let nextTask = 0;

/** A task attempt of one second on an executor that ended like this. */
function attempt(reason: Readonly<Record<string, unknown>>, executor = '1', stage = 0): readonly unknown[] {
  const info = {
    'Task ID': nextTask++,
    Index: 0,
    Attempt: 0,
    'Launch Time': 1000,
    'Executor ID': executor,
    Host: 'host',
    Locality: 'ANY',
    Speculative: false,
    'Getting Result Time': 0,
    Failed: true,
    Killed: false,
    Accumulables: [],
  };
  const stageIds = { 'Stage ID': stage, 'Stage Attempt ID': 0 };
  return [
    { Event: 'SparkListenerTaskStart', ...stageIds, 'Task Info': { ...info, 'Finish Time': 0 } },
    {
      Event: 'SparkListenerTaskEnd',
      ...stageIds,
      'Task Type': 'ResultTask',
      'Task End Reason': reason,
      'Task Info': { ...info, 'Finish Time': 2000 },
    },
  ];
}

function lost(reason: string): Readonly<Record<string, unknown>> {
  return { Reason: 'ExecutorLostFailure', 'Executor ID': '1', 'Exit Caused By App': true, 'Loss Reason': reason };
}

function exception(className: string, description: string): Readonly<Record<string, unknown>> {
  return { Reason: 'ExceptionFailure', 'Class Name': className, Description: description, 'Stack Trace': [] };
}

function groupsOf(...attempts: readonly (readonly unknown[])[]): readonly FailureGroup[] {
  return replayLog(logOf(attempts.flat())).detail.failures;
}

// Messages as YARN 3, Kubernetes and Spark's standalone master write them.
describe('eventlog/replay/detail/failures', () => {
  it('tells containers killed for their memory from other lost executors', () => {
    const killed = [
      'Container killed by YARN for exceeding memory limits. 5.5 GB of 5.5 GB physical memory used. Consider boosting spark.executor.memoryOverhead.',
      'Container killed by YARN for exceeding physical memory limits. 2.0 GB of 2 GB physical memory used.',
      'The executor with id 7 exited with exit code 137(SIGKILL, possible container OOM).',
      'Container from a bad node: container_1 on host: h. Exit status: 137. Diagnostics: Container killed on request. Exit code is 137',
      'Command exited with code 137',
    ];
    const others = [
      'worker lost',
      'Executor heartbeat timed out after 125384 ms',
      'Container container_1 on host: h was preempted.',
      'Container from a bad node: container_1 on host: h. Exit status: 143.',
    ];

    const groups = groupsOf(...[...killed, ...others].map((reason) => attempt(lost(reason))));

    expect(groups.map(({ kind, count }) => [kind, count])).to.deep.equal([
      ['container-killed', 5],
      ['executor-lost', 4],
    ]);
    expect(groups[0]?.lostMs).to.equal(5000);
  });

  it('knows memory that ran out inside the JVM, by class or by message', () => {
    const groups = groupsOf(
      attempt(exception('java.lang.OutOfMemoryError', 'Java heap space')),
      attempt(exception('org.apache.spark.memory.SparkOutOfMemoryError', 'Unable to acquire 65536 bytes of memory')),
      attempt(
        exception('org.apache.spark.SparkException', 'Task failed: java.lang.OutOfMemoryError: GC overhead limit'),
      ),
      attempt(exception('java.lang.IllegalStateException', 'memory of better times')),
    );

    expect(groups.map(({ kind, className }) => `${kind} ${className}`)).to.have.members([
      'oom java.lang.OutOfMemoryError',
      'oom org.apache.spark.memory.SparkOutOfMemoryError',
      'oom org.apache.spark.SparkException',
      'exception java.lang.IllegalStateException',
    ]);
  });

  it('names stages, executors and the first line of the first message of each cause', () => {
    const [group] = groupsOf(
      attempt(exception('java.io.IOException', 'disk is full\nat line 2'), '1', 3),
      attempt(exception('java.io.IOException', 'disk is slow'), '2', 4),
    );

    expect(group).to.deep.equal({
      kind: 'exception',
      className: 'java.io.IOException',
      example: 'java.io.IOException: disk is full',
      count: 2,
      stageIds: [3, 4],
      executors: ['1', '2'],
      lostMs: 2000,
    });
  });

  it('counts killed tasks and denied commits apart from failures', () => {
    const groups = groupsOf(
      attempt({ Reason: 'TaskKilled', 'Kill Reason': 'another attempt succeeded' }),
      attempt({ Reason: 'TaskCommitDenied', 'Job ID': 1, 'Partition ID': 2, 'Attempt Number': 0 }),
      attempt({ Reason: 'TaskResultLost' }),
      attempt({ Reason: 'UnknownReason' }),
    );

    expect(groups.map(({ kind, example }) => [kind, example])).to.have.deep.members([
      ['killed', 'another attempt succeeded'],
      ['commit-denied', 'TaskCommitDenied (Driver denied task commit) for job: 1, partition: 2, attemptNumber: 0'],
      ['executor-lost', 'TaskResultLost (result lost from block manager)'],
      ['other', 'UnknownReason'],
    ]);
  });

  it('keeps 200 causes apart, and counts what comes after as one', () => {
    const groups = groupsOf(...Array.from({ length: 250 }, (_, i) => attempt(exception(`com.example.Error${i}`, 'x'))));

    expect(groups).to.have.length(201);
    expect(groups[0]).to.deep.include({ kind: 'other', className: 'other', count: 50 });
  });
});

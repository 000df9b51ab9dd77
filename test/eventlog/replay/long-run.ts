import { seededRandom } from '../../support/seeded-random.ts';
import { logOf } from './support.ts';

const START = Date.UTC(2026, 0, 1);

/**
 * A log of 1,400 jobs with 3,676 stage attempts: more than a History Server keeps.
 *
 * Jobs overlap, stages are skipped, fail and are tried again, end at the same millisecond, never start or never end,
 * and some tasks end after their stage or their job.
 */
export function longRun(): Buffer {
  const random = seededRandom(20260101);
  const chance = (share: number): boolean => random() < share;
  const events: unknown[] = [
    { Event: 'SparkListenerLogStart', 'Spark Version': '4.0.1' },
    {
      Event: 'SparkListenerExecutorAdded',
      Timestamp: START,
      'Executor ID': '1',
      'Executor Info': { Host: 'host-1', 'Total Cores': 4, 'Log Urls': {}, Attributes: {}, Resources: {} },
    },
    {
      Event: 'SparkListenerApplicationStart',
      'App Name': 'long run',
      'App ID': 'app-20260101000000-0000',
      Timestamp: START,
      User: 'user',
    },
  ];
  let now = START;
  let stageId = 0;
  let taskId = 0;
  const late: unknown[][] = [];
  for (let jobId = 0; jobId < 1400; jobId++) {
    now += Math.floor(random() * 3);
    const ids = Array.from({ length: 1 + Math.floor(random() * 4) }, () => stageId++);
    events.push({
      Event: 'SparkListenerJobStart',
      'Job ID': jobId,
      'Submission Time': now,
      'Stage Infos': ids.map((id) => stage(id, 0)),
      'Stage IDs': ids,
      Properties: {},
    });
    for (const id of ids) {
      // Skipped when its job ends.
      if (chance(0.3)) continue;
      const attempts = chance(0.1) ? 2 : 1;
      for (let attempt = 0; attempt < attempts; attempt++) {
        const submitted = now;
        const info = stage(id, attempt, { 'Submission Time': submitted });
        events.push({ Event: 'SparkListenerStageSubmitted', 'Stage Info': info, Properties: {} });
        const task = { stageId: id, attempt, taskId: taskId++, launched: now };
        events.push(taskEvent('SparkListenerTaskStart', task, 0));
        now += Math.floor(random() * 3);
        const end = taskEvent('SparkListenerTaskEnd', task, now);
        const endsLate = chance(0.05);
        if (!endsLate) events.push(end);
        if (!chance(0.01)) {
          const failed = attempt < attempts - 1 ? { 'Failure Reason': 'lost' } : {};
          // Clocks are not always in order.
          const completed = now - (chance(0.05) ? 20 : 0);
          const done = stage(id, attempt, { 'Submission Time': submitted, 'Completion Time': completed, ...failed });
          events.push({ Event: 'SparkListenerStageCompleted', 'Stage Info': done });
        }
        if (endsLate) late.push([end]);
      }
    }
    const ended = {
      Event: 'SparkListenerJobEnd',
      'Job ID': jobId,
      'Completion Time': now,
      'Job Result': chance(0.1)
        ? { Result: 'JobFailed', Exception: { Message: 'failed', 'Stack Trace': [] } }
        : { Result: 'JobSucceeded' },
    };
    if (!chance(0.01)) late.push([ended]);
    while (late.length > 3) events.push(...(late.splice(Math.floor(random() * late.length), 1)[0] ?? []));
  }
  return logOf([...events, ...late.flat(), { Event: 'SparkListenerApplicationEnd', Timestamp: now + 1000 }]);
}

/** A log of 1,300 SQL executions without jobs: they overlap, end at the same time, in any order, or never. */
export function manyExecutions(): Buffer {
  const random = seededRandom(20260102);
  const sql = 'org.apache.spark.sql.execution.ui.SparkListenerSQLExecution';
  const events: unknown[] = [
    { Event: 'SparkListenerLogStart', 'Spark Version': '4.0.1' },
    {
      Event: 'SparkListenerApplicationStart',
      'App Name': 'many executions',
      'App ID': 'app-20260102000000-0000',
      Timestamp: START,
      User: 'user',
    },
  ];
  let now = START;
  const open: number[] = [];
  for (let executionId = 0; executionId < 1300; executionId++) {
    now += Math.floor(random() * 3);
    events.push({
      Event: `${sql}Start`,
      executionId,
      rootExecutionId: executionId,
      description: `execution ${executionId}`,
      details: '',
      physicalPlanDescription: '== Physical Plan ==',
      sparkPlanInfo: {
        nodeName: 'LocalTableScan',
        simpleString: 'LocalTableScan',
        children: [],
        metadata: {},
        metrics: [],
      },
      time: now,
      modifiedConfigs: {},
      jobTags: [],
    });
    if (random() < 0.99) open.push(executionId);
    now += Math.floor(random() * 3);
    while (open.length > 8) {
      const [ended] = open.splice(Math.floor(random() * open.length), 1);
      events.push({ Event: `${sql}End`, executionId: ended, time: now - (random() < 0.1 ? 50 : 0), errorMessage: '' });
    }
  }
  return logOf([...events, { Event: 'SparkListenerApplicationEnd', Timestamp: now + 1000 }]);
}

function stage(id: number, attempt: number, told: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    'Stage ID': id,
    'Stage Attempt ID': attempt,
    'Stage Name': `stage ${id}`,
    'Number of Tasks': 1,
    'RDD Info': [],
    'Parent IDs': [],
    Details: '',
    ...told,
    Accumulables: [],
    'Resource Profile Id': 0,
    'Shuffle Push Enabled': false,
    'Shuffle Push Mergers Count': 0,
  };
}

interface Task {
  readonly stageId: number;
  readonly attempt: number;
  readonly taskId: number;
  readonly launched: number;
}

function taskEvent(name: string, { stageId, attempt, taskId, launched }: Task, finished: number): unknown {
  const isEnd = finished > 0;
  return {
    Event: name,
    'Stage ID': stageId,
    'Stage Attempt ID': attempt,
    ...(isEnd ? { 'Task Type': 'ResultTask', 'Task End Reason': { Reason: 'Success' } } : {}),
    'Task Info': {
      'Task ID': taskId,
      Index: 0,
      Attempt: 0,
      'Partition ID': 0,
      'Launch Time': launched,
      'Executor ID': '1',
      Host: 'host-1',
      Locality: 'PROCESS_LOCAL',
      Speculative: false,
      'Getting Result Time': 0,
      'Finish Time': finished,
      Failed: false,
      Killed: false,
      Accumulables: [],
    },
  };
}

import type { RunDetail } from '../documents/run-detail.ts';
import { LARGE_SELF_CHECK_ERROR } from './prediction-range.ts';
import type { RunModel } from './run-model.ts';
import { sum } from './statistics.ts';

/** What the replay takes for granted and this run, or the size asked for, breaks. */
export interface Assumption {
  readonly id: AssumptionId;
  /** `range` the range covers it, `lower-bound` the time may only be longer, `unknown` it is not in the number at all. */
  readonly effect: 'range' | 'lower-bound' | 'unknown';
  /** One sentence for a person. */
  readonly because: string;
  readonly facts: Readonly<Record<string, number | string>>;
}

export type AssumptionId =
  | 'partitions-follow-cores'
  | 'join-strategy-may-flip'
  | 'shuffle-partitions-recut'
  | 'release-rule-guessed'
  | 'shuffle-tracking'
  | 'dynamic-allocation-unknown-latency'
  | 'unequal-executors'
  | 'speculation'
  | 'failed-tasks'
  | 'retried-stages'
  | 'executors-lost'
  | 'cached-data'
  | 'locality'
  | 'memory-pressure'
  | 'shared-host'
  | 'free-scaling'
  | 'driver-time-constant'
  | 'no-application-end'
  | 'open-jobs'
  | 'tasks-from-quantiles'
  | 'self-check'
  | 'local-mode'
  | 'streaming'
  | 'clock-steps'
  | 'lost-events';

export interface AssumptionsInput {
  readonly detail: RunDetail;
  readonly model: RunModel;
  readonly properties: Readonly<Record<string, string>>;
  readonly changed: Readonly<Record<string, string>>;
  readonly sizes: readonly { readonly executors: number; readonly coresPerExecutor: number }[];
  readonly selfCheckError: number;
  readonly learntApplications: number;
}

/** Lists the assumptions that are broken, in the order of how much they can change a time. */
export function brokenAssumptions(input: AssumptionsInput): Assumption[] {
  return [...aboutTheLog(input), ...aboutTheStages(input), ...aboutTheCluster(input)];
}

function aboutTheLog({ detail, model, selfCheckError }: AssumptionsInput): Assumption[] {
  const found: Assumption[] = [];
  const open = detail.jobs.filter(({ ended }) => ended === undefined).length;
  if (detail.applicationEnd === undefined) {
    found.push(
      assumption(
        'no-application-end',
        'lower-bound',
        'The log has no end of the application; its last event is taken for it.',
      ),
    );
  }
  if (open > 0)
    found.push(
      assumption('open-jobs', 'lower-bound', 'Some jobs have no end; they are taken to end with the log.', {
        jobs: open,
      }),
    );
  const { lostTaskEnds } = detail.quality;
  if (lostTaskEnds > 0)
    found.push(
      assumption('lost-events', 'lower-bound', 'The log does not tell the end of some tasks; they are left out.', {
        lostTaskEnds,
      }),
    );
  if (detail.quality.negativeTimes > 0) {
    found.push(
      assumption('clock-steps', 'range', 'Clocks stepped backwards; negative times count as 0.', {
        times: detail.quality.negativeTimes,
      }),
    );
  }
  if (Math.abs(selfCheckError) > LARGE_SELF_CHECK_ERROR) {
    found.push(
      assumption('self-check', 'range', 'Replayed at its own size the run does not take the time it took.', {
        errorRatio: selfCheckError,
      }),
    );
  }
  if (model.precision === 'quantiles') {
    found.push(
      assumption(
        'tasks-from-quantiles',
        'range',
        'Task times are rebuilt from quantiles; their order, cold tasks and stage parents are guessed.',
      ),
    );
  }
  if (model.jobs.some(({ alternative }) => alternative !== undefined)) {
    found.push(
      assumption(
        'release-rule-guessed',
        'range',
        'Jobs of several threads waited at the same time; which waited for which is guessed.',
      ),
    );
  }
  return found;
}

function aboutTheStages({ detail, model, properties, changed, sizes }: AssumptionsInput): Assumption[] {
  const found: Assumption[] = [];
  const resized = sizes.some(
    ({ executors, coresPerExecutor }) => Math.floor(coresPerExecutor / model.taskCpus) * executors !== model.slots,
  );
  const following = model.stages.filter(({ width }) => width === 'adaptive' || width === 'slots');
  if (resized && following.length > 0) {
    found.push(
      assumption(
        'partitions-follow-cores',
        'range',
        'Some stages have as many tasks as there were cores; at another size they may be cut otherwise.',
        { stages: following.length },
      ),
    );
  }
  const adaptive =
    detail.jobs.some(({ sqlExecutionId }) => sqlExecutionId !== undefined) &&
    properties['spark.sql.adaptive.enabled'] !== 'false';
  if (changed['spark.sql.shuffle.partitions'] !== undefined) {
    found.push(
      assumption(
        'shuffle-partitions-recut',
        'lower-bound',
        'Stages of spark.sql.shuffle.partitions tasks are cut anew at equal work; a hot key does not split, and spill may come or go.',
        {
          stages: model.stages.filter(({ width }) => width === 'shuffle-partitions').length,
        },
      ),
    );
    if (adaptive)
      found.push(
        assumption(
          'join-strategy-may-flip',
          'unknown',
          'Adaptive execution may choose other joins and partition counts.',
        ),
      );
  }
  const failed = sum(detail.stages.map((stage) => stage.failedTasks));
  if (failed > 0)
    found.push(
      assumption(
        'failed-tasks',
        'unknown',
        'Failed task attempts are replayed once each; at another size they may not happen, or happen more.',
        { failedTasks: failed },
      ),
    );
  const retried = detail.stages.filter(({ attemptId }) => attemptId > 0).length;
  if (retried > 0)
    found.push(
      assumption('retried-stages', 'unknown', 'Retried stages are replayed as one clean attempt.', {
        attempts: retried,
      }),
    );
  const speculative = sum(detail.stages.map((stage) => stage.speculativeTasks));
  if (speculative > 0) {
    found.push(
      assumption(
        'speculation',
        'lower-bound',
        'Speculative copies are not replayed; where a copy won, the task took at least so long.',
        { copies: speculative },
      ),
    );
  }
  const spilled = sum(detail.stages.map(({ quantiles }) => quantiles?.memoryBytesSpilled.at(-1) ?? 0));
  if (spilled > 0 && sizes.some(({ coresPerExecutor }) => coresPerExecutor > model.coresPerExecutor)) {
    found.push(
      assumption(
        'memory-pressure',
        'lower-bound',
        'Tasks spilled, and more cores per executor leave each task less memory.',
        { largestSpillBytes: spilled },
      ),
    );
  }
  const cachedBytes = Math.max(0, ...detail.stages.map(({ cached }) => cached.memoryBytes + cached.diskBytes));
  if (cachedBytes > 0 && sizes.some(({ executors }) => executors < model.executorCount)) {
    found.push(
      assumption(
        'cached-data',
        'lower-bound',
        'Data was cached; fewer executors may not hold it, and would compute it again.',
        { cachedBytes },
      ),
    );
  }
  const local = sum(detail.stages.map(({ locality }) => locality['NODE_LOCAL'] ?? 0));
  const launched = sum(detail.stages.map(({ launchedTasks }) => launchedTasks));
  if (resized && local > 0.5 * launched && !model.sharesHost) {
    found.push(
      assumption(
        'locality',
        'unknown',
        'Most tasks ran where their blocks were; waiting for such a place is not replayed.',
        { nodeLocalTasks: local, tasks: launched },
      ),
    );
  }
  return found;
}

function aboutTheCluster({ detail, model, properties, sizes, learntApplications }: AssumptionsInput): Assumption[] {
  const found: Assumption[] = [];
  const used = model.executors.filter((executor) => executor.used);
  const resized = sizes.some(
    ({ executors, coresPerExecutor }) => Math.floor(coresPerExecutor / model.taskCpus) * executors !== model.slots,
  );
  if (new Set(used.map(({ cores }) => cores)).size > 1) {
    found.push(
      assumption(
        'unequal-executors',
        'range',
        'Executors had unequal cores; their mix is repeated unless cores are asked for.',
      ),
    );
  }
  const lost = used.filter(({ removedMs }) => removedMs < model.durationMs).length;
  const dynamic = properties['spark.dynamicAllocation.enabled'] === 'true';
  if (lost > 0 && !dynamic)
    found.push(
      assumption('executors-lost', 'unknown', 'Executors were lost in the run; the simulated ones stay.', {
        executors: lost,
      }),
    );
  if (dynamic && (properties['spark.dynamicAllocation.shuffleTracking.enabled'] ?? 'true') === 'true') {
    found.push(
      assumption(
        'shuffle-tracking',
        'range',
        'When the driver drops shuffle files, and lets their executors go, is not known.',
      ),
    );
  }
  if (detail.executors.length === 1 && detail.executors[0]?.id === 'driver') {
    found.push(assumption('local-mode', 'unknown', 'The run was in local mode: driver and tasks shared one process.'));
  }
  if (resized && model.sharesHost) {
    found.push(
      assumption(
        'shared-host',
        'range',
        'All executors shared one host; start-up and first tasks slow each other there.',
        { learntApplications },
      ),
    );
  }
  if (resized && !model.sharesHost && learntApplications === 0) {
    found.push(
      assumption(
        'free-scaling',
        'unknown',
        'One log cannot tell how disks, network or databases slow tasks down on more slots.',
      ),
    );
  }
  const driverMs = driverTime(model);
  if (resized && driverMs > 0.3 * model.durationMs) {
    found.push(
      assumption(
        'driver-time-constant',
        'unknown',
        'Much of the time passes in the driver; it is taken to stay as it is.',
        { driverMs },
      ),
    );
  }
  // Structured streaming describes each of its jobs by query, run and batch.
  if (detail.jobs.some(({ description }) => /\bbatch = \d+/.test(description ?? ''))) {
    found.push(
      assumption('streaming', 'unknown', 'A streaming application waits for its data: the whole time means little.'),
    );
  }
  return found;
}

/** Time in which no job was active. */
export function driverTime(model: RunModel): number {
  let until = 0;
  let active = 0;
  for (const { submittedMs, endedMs } of model.jobs) {
    const from = Math.max(until, submittedMs);
    if (endedMs > from) active += endedMs - from;
    until = Math.max(until, endedMs);
  }
  return Math.max(0, model.durationMs - active);
}

function assumption(
  id: AssumptionId,
  effect: Assumption['effect'],
  because: string,
  facts: Assumption['facts'] = {},
): Assumption {
  return { id, effect, because, facts };
}

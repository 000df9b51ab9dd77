import type { RawAttempt } from '../documents/documents.ts';
import type { ExecutorLife, RunDetail, StageDetail } from '../documents/run-detail.ts';
import { prepareRun } from '../simulation/prepare.ts';
import { runDetailFromRest } from '../simulation/rest-run.ts';
import { savingsOf } from '../simulation/savings.ts';
import type { RunModel } from '../simulation/run-model.ts';
import { jobsFromStages } from './computed/jobs-from-stages.ts';
import { executorMemory } from './computed/executor-memory.ts';
import type { Input, ListedStage, MeasuredStage, Properties, RunFacts } from './inputs.ts';

/** What is stored of a run; at least one of `detail` and `attempt` is. */
export interface StoredFacts {
  readonly detail?: RunDetail | undefined;
  /** Of the raw document. */
  readonly attempt?: RawAttempt | undefined;
  readonly properties: Properties;
  readonly sparkVersion?: string | undefined;
  readonly flags: readonly string[];
}

const NEEDS_LOG = 'the run was read from the History Server; its event log tells this (spot collect)';
const NEEDS_QUANTILES =
  'the run was read from the History Server without task_quantiles; they, or its event log, tell this (spot collect)';

/** A replay of the run itself that is further off than this cannot tell what a change would save. */
const LARGEST_REPLAY_ERROR = 0.15;

/** Everything heuristics may ask for, each with its value or the reason why it is not there. */
export function factsOf(stored: StoredFacts): RunFacts {
  const { attempt, properties } = stored;
  const isFromLog = stored.detail !== undefined && isToldByLog(stored.detail);
  const detail = isFromLog ? stored.detail : detailOfRest(stored);
  if (detail === undefined) return nothingKnown('neither tasks nor stages of the run are stored');

  const fromLog = <T>(value: T): Input<T> => (isFromLog ? { value } : { because: NEEDS_LOG });
  const model = modelOf(detail, properties);
  const stages = detail.stages.filter(({ launchedTasks, submitted }) => launchedTasks > 0 || submitted !== undefined);
  const unlisted = stages.some((stage) => stage.tasks === undefined && stage.succeededTasks > 0);
  const isMeasured =
    isFromLog ||
    stored.detail !== undefined ||
    attempt?.stages.some((row) => 'taskMetricsDistributions' in row) === true;
  const noJobs = 'neither jobs nor stages with their times are stored';
  return {
    run: { value: spanOf(stored, detail) },
    properties: { value: properties },
    stages: { value: stages },
    spread: isMeasured ? { value: stages.filter(hasQuantiles) } : { because: NEEDS_QUANTILES },
    tasks:
      isFromLog && unlisted && !stages.some(isListed)
        ? { because: 'no stage is small enough for its tasks to be kept one by one' }
        : fromLog(stages.filter(isListed)),
    executors: { value: detail.executors },
    jobs: isFromLog || detail.jobs.length > 0 ? { value: detail.jobs } : { because: noJobs },
    sql: fromLog(detail.sql),
    failures: fromLog(detail.failures),
    quality: fromLog(detail.quality),
    flags: { value: stored.flags },
    memory:
      attempt === undefined
        ? { because: 'the raw document is not stored (raw_index), and only it has what executors used' }
        : { value: executorMemory(attempt.allexecutors) },
    model,
  };
}

function modelOf(detail: RunDetail, properties: Properties): Input<RunModel> {
  if (!detail.jobs.some(({ succeeded }) => succeeded))
    return { because: 'no job of the run that succeeded is known, so it cannot be replayed' };
  let model: RunModel;
  try {
    model = prepareRun(detail, { properties });
  } catch (error) {
    // A run that the simulation does not understand still has findings that need no replay.
    return { because: `the run cannot be replayed: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (model.stages.length === 0 || model.executorCount === 0) return { because: 'the run has no stage to replay' };
  const replayed = savingsOf(model, []).baseMs;
  return Math.abs(replayed - model.durationMs) <= LARGEST_REPLAY_ERROR * model.durationMs
    ? { value: model }
    : { because: 'replayed at its own size the run does not take as long as it did' };
}

/** A micro-batch says so in the description of its execution, which its stages inherit. */
const MICRO_BATCH = /\bbatch = (\d+|init)/;

function spanOf({ properties, sparkVersion, attempt }: StoredFacts, detail: RunDetail) {
  const version = /^(\d+\.\d+)/.exec(sparkVersion ?? '')?.[1];
  return {
    durationMs: Math.max(0, detail.applicationEnd ?? detail.lastEvent),
    hasEnd: detail.quality.hasEnd,
    sparkVersion: version === undefined ? undefined : Number(version),
    isLocal: /^local(\[|$)/.test(properties['spark.master'] ?? ''),
    isStreaming:
      detail.sql.some(({ description }) => MICRO_BATCH.test(description)) ||
      attempt?.stages.some(({ description }) => typeof description === 'string' && MICRO_BATCH.test(description)) ===
        true,
    slots: mostSlots(detail.executors, Number(properties['spark.task.cpus'] ?? 1) || 1),
  };
}

/** Of all executors alive at the busiest moment, those that never got a task too. */
function mostSlots(executors: readonly ExecutorLife[], taskCpus: number): number {
  const steps = executors.flatMap(({ added, removed, cores }) => {
    const slots = Math.floor(cores / taskCpus);
    return [
      { at: added, step: slots },
      { at: removed ?? Infinity, step: -slots },
    ];
  });
  let [alive, most] = [0, 1];
  for (const { step } of steps.sort((a, b) => a.at - b.at || a.step - b.step)) most = Math.max(most, (alive += step));
  return most;
}

/** A detail document is also made of a History Server's answers (`task_quantiles`): it tells neither tasks nor plans. */
export function isToldByLog({ quality, stages }: RunDetail): boolean {
  return quality.events > 0 || stages.some(({ tasks }) => tasks !== undefined);
}

/** The simulation reads few sums of a stage's row; heuristics want all of them. */
function detailOfRest({ detail: asked, attempt }: StoredFacts): RunDetail | undefined {
  if (attempt === undefined) return asked;
  const { allexecutors, stages, jobs = jobsFromStages(stages) } = attempt;
  const detail = asked ?? runDetailFromRest({ attempt, allexecutors, stages, jobs });
  const rows = new Map(stages.map((row) => [`${Number(row['stageId'])}/${Number(row['attemptId'])}`, row]));
  const reasons = new Map(allexecutors.map((row) => [row['id'], row['removeReason']]));
  return {
    ...detail,
    executors: detail.executors.map((executor) => {
      const reason = reasons.get(executor.id);
      return typeof reason === 'string' ? { ...executor, removeReason: reason } : executor;
    }),
    stages: detail.stages.map((stage): StageDetail => {
      const row = rows.get(`${stage.stageId}/${stage.attemptId}`) ?? {};
      const numbers = Object.entries(row).flatMap(([name, value]) =>
        typeof value === 'number' || typeof value === 'bigint' ? [[name, Number(value)] as const] : [],
      );
      return { ...stage, sums: { ...Object.fromEntries(numbers), ...stage.sums } };
    }),
  };
}

function hasQuantiles(stage: StageDetail): stage is MeasuredStage {
  return stage.quantiles !== undefined;
}

function isListed(stage: StageDetail): stage is ListedStage {
  return stage.tasks !== undefined && stage.quantiles !== undefined;
}

function nothingKnown(because: string): RunFacts {
  const missing = { because };
  return {
    run: missing,
    properties: missing,
    stages: missing,
    spread: missing,
    tasks: missing,
    executors: missing,
    jobs: missing,
    sql: missing,
    failures: missing,
    quality: missing,
    flags: missing,
    memory: missing,
    model: missing,
  };
}

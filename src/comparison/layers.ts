import type { AggregateDocument } from '../documents/documents.ts';
import { sumOf, type ComparedRun } from './compared-run.ts';

/** A property of which the two runs do not have the same value; absent where it is not set. */
export interface PropertyChange {
  readonly name: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

export interface MeasureChange {
  readonly measure: string;
  readonly before: number | null;
  readonly after: number | null;
  /** after / before; null where one is not known or nothing. */
  readonly ratio: number | null;
}

/** Differ from run to run by themselves. */
const OF_THE_RUN_ITSELF =
  /^spark\.(app\.(id|startTime|submitTime|attempt\.id|initial\..*)|driver\.(host|port|appUIAddress)|executor\.id|ui\.port|port\..*|yarn\.app\.(id|attemptId|container\..*)|yarn\.(dist|secondary)\..*|repl\.class\.(uri|outputDir)|sql\.warehouse\.dir|kubernetes\.(driver|executor)\.podNamePrefix|kubernetes\.driver\.pod\.name|eventLog\.dir|org\.apache\.hadoop\.yarn\..*)$/;

export function propertyLayer(before: ComparedRun, after: ComparedRun): PropertyChange[] {
  const [had, has] = [ownTexts(before), ownTexts(after)];
  return [...new Set([...had.keys(), ...has.keys()])]
    .filter((name) => !OF_THE_RUN_ITSELF.test(name) && had.get(name) !== has.get(name))
    .sort()
    .map((name) => ({
      name,
      before: before.properties[name],
      after: after.properties[name],
    }));
}

/** Values in which the application's own id counts as equal. */
function ownTexts({ properties, aggregate }: ComparedRun): ReadonlyMap<string, string> {
  return new Map(Object.entries(properties).map(([name, value]) => [name, value.replaceAll(aggregate.id, 'APP')]));
}

/** Versions, place and user: what differs, by name. */
export function environmentLayer(before: ComparedRun, after: ComparedRun): PropertyChange[] {
  const [had, has] = [environmentOf(before), environmentOf(after)];
  return Object.keys(had)
    .filter((name) => had[name] !== has[name])
    .map((name) => ({ name, before: had[name], after: has[name] }));
}

function environmentOf({ aggregate, detail }: ComparedRun): Readonly<Record<string, string | undefined>> {
  const { attempt, spot, name } = aggregate;
  const runtime = (attempt.environment['runtime'] ?? {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const hosts = new Set(detail?.executors.filter(({ id }) => id !== 'driver').map(({ host }) => host));
  return {
    application: name,
    cluster: spot.cluster,
    user: attempt.sparkUser,
    sparkVersion: attempt.appSparkVersion,
    javaVersion: text(runtime['javaVersion']),
    scalaVersion: text(runtime['scalaVersion'])?.replace(/^version /, ''),
    hosts: hosts.size === 0 ? undefined : String(hosts.size),
  };
}

const DATA = {
  inputBytes: 'inputBytes',
  inputRecords: 'inputRecords',
  outputBytes: 'outputBytes',
  outputRecords: 'outputRecords',
  shuffleReadBytes: 'shuffleReadBytes',
  shuffleWriteBytes: 'shuffleWriteBytes',
  diskSpillBytes: 'diskBytesSpilled',
  tasks: 'numTasks',
} as const;

/** How much was read, shuffled, spilled and written; all of it, equal or not. */
export function dataLayer(before: ComparedRun, after: ComparedRun): MeasureChange[] {
  const value = ({ aggregate }: ComparedRun, column: string): number | null =>
    sumOf(aggregate.attempt.aggs.stages, column) ?? null;
  return Object.entries(DATA).map(([measure, column]) => change(measure, value(before, column), value(after, column)));
}

/** What the runs were given. Executors that the driver replaced count each. */
export function executorLayer(before: ComparedRun, after: ComparedRun): MeasureChange[] {
  const [had, has] = [resourcesOf(before), resourcesOf(after)];
  return Object.keys(had).map((measure) => change(measure, had[measure] ?? null, has[measure] ?? null));
}

function resourcesOf({ aggregate, detail, properties }: ComparedRun): Readonly<Record<string, number | null>> {
  const { allexecutors, summary } = aggregate.attempt.aggs;
  const lost = detail?.executors.filter(({ id, removeReason }) => id !== 'driver' && isLoss(removeReason)).length;
  return {
    executors: allexecutors.executors.elements_count,
    cores: coresOf(aggregate),
    executorMemoryBytes: sizeOf(properties['spark.executor.memory']),
    allocatedCoreMs: summary.core_cost ?? null,
    coreEfficiencyRatio: summary.estimated_core_efficiency ?? null,
    failedTasks: sumOf(aggregate.attempt.aggs.stages, 'numFailedTasks') ?? null,
    lostExecutors: lost ?? null,
  };
}

/** In local mode the driver is the one executor. */
function coresOf({ attempt }: AggregateDocument): number | null {
  const { driver, executors } = attempt.aggs.allexecutors;
  if (executors.elements_count > 0) return sumOf(executors, 'totalCores') ?? null;
  return typeof driver['totalCores'] === 'number' ? driver['totalCores'] : null;
}

/** An executor that was released, or that ended with the application, was not lost. */
function isLoss(reason: string | undefined): boolean {
  return reason !== undefined && !/idle|killed by driver|decommission|shut ?down|finished/i.test(reason);
}

function sizeOf(text: string | undefined): number | null {
  const bytes = /^(\d+)b$/.exec(text ?? '')?.[1];
  return bytes === undefined ? null : Number(bytes);
}

function change(measure: string, before: number | null, after: number | null): MeasureChange {
  return { measure, before, after, ratio: before === null || after === null || before === 0 ? null : after / before };
}

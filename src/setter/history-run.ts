import type { AggregateDocument } from '../documents/documents.ts';
import type { RunDetail } from '../documents/run-detail.ts';
import { toRunRow } from '../documents/run-row.ts';
import { programFingerprint, type ProgramFingerprint } from '../regression/program-fingerprint.ts';
import { evidenceOf, type Evidence } from './evidence.ts';
import { parametersOf, type Parameters } from './parameters.ts';

/** A stored run as the setter sees it: what it was given, what it had to do, and how long it took. */
export interface HistoryRun {
  /** `appId` or `appId/attemptId`. */
  readonly run: string;
  readonly cluster: string;
  /** The tag: runs of equal tag are runs of one application. */
  readonly application: string;
  readonly name: string;
  readonly endTime: string;
  readonly sparkVersion: string;
  readonly durationMs: number;
  readonly inputBytes: number;
  readonly shuffleBytes: number;
  readonly outputBytes: number;
  readonly spilledBytes: number;
  readonly stages: number;
  readonly configuration: Configuration;
  /** Core time the executors were given, milliseconds. */
  readonly coreMs?: number | undefined;
  /** The most heap that any executor or the driver had in use, garbage included; bytes. */
  readonly peakMemoryBytes?: number | undefined;
  /** Memory beside the heap as a share of it, where the run set one; the platform's own without. */
  readonly overheadFactor?: number | undefined;
  /** Settings of Spark and of the application itself that may vary between runs, by property. */
  readonly parameters?: Parameters | undefined;
  /** What it showed about memory and partitions. */
  readonly evidence?: Evidence | undefined;
  /** Which version of the program it was, as far as the run shows it. */
  readonly program?: ProgramFingerprint | undefined;
}

/** What a suggestion decides. Memory is heap, MiB. */
export interface Configuration {
  /** With dynamic allocation: the most at a time. */
  readonly executors: number;
  readonly coresPerExecutor: number;
  readonly memoryMib: number;
  /** Memory of a container beside the heap, MiB, where it is to be set; by the rule of the platform without. */
  readonly overheadMib?: number | undefined;
  readonly shufflePartitions: number;
  readonly driverCores: number;
  readonly driverMemoryMib: number;
  readonly isDynamic: boolean;
}

const MIB = 2 ** 20;
/** What Spark takes where nothing is set. */
const DEFAULT_HEAP_MIB = 1024;
const DEFAULT_PARTITIONS = 200;

/**
 * The run of an aggregate document.
 *
 * In local mode the driver is the one executor, with its cores and its memory.
 *
 * @param detail - for the fingerprint of the program and for the evidence; without it little is known of either
 * @returns `undefined` for a run that teaches nothing of run time: without an end, without a positive duration, without any core
 */
export function historyRunOf(
  document: AggregateDocument,
  detail?: Pick<RunDetail, 'stages' | 'sql' | 'failures'>,
): HistoryRun | undefined {
  const row = toRunRow(document);
  const { attempt, spot } = document;
  if (row.endTime === null || row.durationMs === null || row.durationMs <= 0 || spot.status !== 'completed')
    return undefined;

  const properties = propertiesOf(document);
  const driverMemoryMib = sizeMib(properties['spark_driver_memory']);
  const driverHasTasks = row.executors === 0;
  const executors = driverHasTasks ? 1 : row.executors;
  const cores = driverHasTasks ? Number(attempt.aggs.allexecutors.driver['totalCores'] ?? 0) : (row.executorCores ?? 0);
  const coresPerExecutor = Math.round(cores / executors);
  if (coresPerExecutor < 1) return undefined;
  return {
    run: row.run,
    cluster: row.cluster,
    application: row.tag,
    name: row.name,
    endTime: row.endTime,
    sparkVersion: attempt.appSparkVersion,
    durationMs: row.durationMs,
    inputBytes: row.inputBytes ?? 0,
    shuffleBytes: row.shuffleBytes ?? 0,
    outputBytes: row.outputBytes ?? 0,
    spilledBytes: row.spilledBytes ?? 0,
    stages: attempt.aggs.stages.elements_count,
    configuration: {
      executors,
      coresPerExecutor,
      memoryMib: driverHasTasks ? driverMemoryMib : sizeMib(properties['spark_executor_memory']),
      shufflePartitions: countOf(properties['spark_sql_shuffle_partitions']) ?? DEFAULT_PARTITIONS,
      driverCores: countOf(properties['spark_driver_cores']) ?? 1,
      driverMemoryMib,
      isDynamic: properties['spark_dynamicAllocation_enabled'] === true,
    },
    coreMs: row.allocatedCoreMs ?? undefined,
    peakMemoryBytes: peakHeap(document),
    overheadFactor: overheadFactorOf(properties),
    parameters: parametersOf(properties),
    evidence: evidenceOf({ spilledBytes: row.spilledBytes ?? 0 }, detail),
    program: programFingerprint(document, detail),
  };
}

/** Newest first; equal ends by cluster and id, so that the order in which runs were stored changes nothing. */
export function newestFirst(runs: readonly HistoryRun[]): HistoryRun[] {
  const keyed = runs.map((run) => ({ run, key: `${run.endTime}\0${run.cluster}\0${run.run}` }));
  return keyed.sort((a, b) => (a.key < b.key ? 1 : a.key > b.key ? -1 : 0)).map(({ run }) => run);
}

function propertiesOf({ attempt }: AggregateDocument): Readonly<Record<string, unknown>> {
  const properties = attempt.environment['sparkProperties'];
  const isRecord = typeof properties === 'object' && properties !== null && !Array.isArray(properties);
  return isRecord ? (properties as Readonly<Record<string, unknown>>) : {};
}

/** As the executors measured it; absent where they were not asked to (Spark before 3.0, or no metrics). */
function peakHeap({ attempt }: AggregateDocument): number | undefined {
  const peak = attempt.aggs.allexecutors.executors['peakMemoryMetrics.JVMHeapMemory'];
  const most = typeof peak === 'object' && 'max' in peak && typeof peak.max === 'number' ? peak.max : 0;
  return most > 0 ? most : undefined;
}

/** Of Spark from 3.3, and Kubernetes' of before. */
function overheadFactorOf(properties: Readonly<Record<string, unknown>>): number | undefined {
  const text = properties['spark_executor_memoryOverheadFactor'] ?? properties['spark_kubernetes_memoryOverheadFactor'];
  const factor = Number(text);
  return text !== undefined && factor > 0 && Number.isFinite(factor) ? factor : undefined;
}

function sizeMib(bytes: unknown): number {
  return typeof bytes === 'number' && bytes > 0 ? Math.round(bytes / MIB) : DEFAULT_HEAP_MIB;
}

function countOf(value: unknown): number | undefined {
  const count = Number(value);
  return value !== undefined && Number.isSafeInteger(count) && count > 0 ? count : undefined;
}

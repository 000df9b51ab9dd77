import { createHash } from 'node:crypto';
import type { AggregateDocument } from '../documents/documents.ts';
import type { RunDetail, SqlNode } from '../documents/run-detail.ts';

/**
 * What tells one program from its next version, as far as a run shows it. A part that a run does not show is absent, and is
 * then not compared. JSON.
 */
export interface ProgramFingerprint {
  /** Names of jars and scripts without their folders, sorted and joined by blanks. */
  readonly files?: string;
  /** Major and minor version: `3.5`. */
  readonly spark?: string;
  /** Hash over what the stages do and in which file of the program: `collect at etl.py`. */
  readonly stages?: string;
  /** Hash over the operators of the SQL plans. */
  readonly plans?: string;
}

export type FingerprintPart = keyof ProgramFingerprint;
const PARTS: readonly FingerprintPart[] = ['files', 'spark', 'stages', 'plans'];

/** Where Spark tells of the files of an application; `spark.jars` itself is not kept, since it holds whole paths. */
const FILE_PROPERTIES = [
  'spark_app_initial_jar_urls',
  'spark_app_initial_file_urls',
  'spark_submit_pyFiles',
  'spark_yarn_dist_jars',
  'spark_yarn_dist_pyFiles',
  'spark_kubernetes_jars',
];

/**
 * The fingerprint of a completed run.
 *
 * Meant to be equal for the same program on other data, other resources and other settings: so it holds no sizes, counts of tasks,
 * paths, literals or numbers of expressions, none of the operators that Spark itself adds by size (exchanges, sorts before a join,
 * adaptive reads), and no line numbers. Joins count as joins, whatever their strategy.
 *
 * @param detail - without it neither stages nor plans are known
 */
export function programFingerprint(
  { attempt }: Pick<AggregateDocument, 'attempt'>,
  detail?: Pick<RunDetail, 'stages' | 'sql'>,
): ProgramFingerprint {
  const callSites = (detail?.stages ?? []).flatMap(({ name }) => callSiteOf(name) ?? []);
  const files = [...filesOf(attempt.environment['sparkProperties']), ...callSites.map(({ file }) => file)].filter(
    (file) => !/\.(?:java|scala)$/.test(file),
  );
  const [spark] = /^\d+\.\d+/.exec(attempt.appSparkVersion) ?? [];
  const plans = (detail?.sql ?? []).flatMap(({ plan }) => (plan === undefined ? [] : (shapeOf(plan) ?? [])));
  return {
    ...(files.length === 0 ? {} : { files: distinct(files).join(' ') }),
    ...(spark === undefined ? {} : { spark }),
    ...(callSites.length === 0
      ? {}
      : { stages: hashOf(distinct(callSites.map(({ operation, file }) => `${operation} at ${file}`))) }),
    ...(plans.length === 0 ? {} : { plans: hashOf(distinct(plans)) }),
  };
}

/** The parts that both know and in which they differ. */
export function changedParts(before: ProgramFingerprint, after: ProgramFingerprint): FingerprintPart[] {
  return PARTS.filter((part) => {
    const [old, current] = [before[part], after[part]];
    return old !== undefined && current !== undefined && old !== current;
  });
}

/** Frames of the JDK, of Spark's own scheduling and of py4j say nothing of the program, and come and go with adaptive execution. */
const NOT_THE_PROGRAM =
  /^(?:NativeMethodAccessorImpl|DirectMethodHandleAccessor|CompletableFuture|ThreadPoolExecutor|FutureTask|Executors|Thread|Method|ForkJoin\w*)\.java$/;

function callSiteOf(stage: string): { operation: string; file: string } | undefined {
  const end = /:\d+$/.exec(stage)?.index;
  const at = end === undefined ? -1 : stage.lastIndexOf(' at ', end - ' at '.length);
  if (at === -1) return undefined;
  const file = nameOf(stage.slice(at + ' at '.length, end));
  return NOT_THE_PROGRAM.test(file) ? undefined : { operation: stage.slice(0, at), file };
}

function filesOf(properties: unknown): string[] {
  if (typeof properties !== 'object' || properties === null) return [];
  return FILE_PROPERTIES.flatMap((key) => {
    const value = (properties as Readonly<Record<string, unknown>>)[key];
    return typeof value === 'string' ? value.split(',').map(nameOf).filter(Boolean) : [];
  });
}

/** The last part of a path or URL. */
function nameOf(path: string): string {
  return path.replace(/[?#].*$/s, '').replace(/^.*[/\\]/, '');
}

/** Operators that Spark puts between those of the query, by size, statistics or settings. */
const ADDED_BY_SPARK =
  /^(?:AdaptiveSparkPlan|\w*QueryStage|AQEShuffleRead|CustomShuffleReader|WholeStageCodegen.*|InputAdapter|(?:Broadcast|Reused)?Exchange|ReusedSubquery|Subquery|SubqueryBroadcast|Sort|ColumnarToRow|RowToColumnar|Project|EmptyRelation|LocalTableScan|ResultQueryStage|TableCacheQueryStage)$/;

/** The operators of a plan: joins and scans with how many there are of them, all others once; nothing of a plan cut for its depth. */
function shapeOf(plan: SqlNode): string | undefined {
  const operators: string[] = [];
  const isWhole = (node: SqlNode | string): boolean => {
    if (typeof node === 'string') return false;
    const name = operatorOf(node.name);
    if (!ADDED_BY_SPARK.test(name)) operators.push(name);
    return node.children.every(isWhole);
  };
  if (!isWhole(plan)) return undefined;
  const counted = (name: string): string =>
    name === 'Join' || name.startsWith('Scan')
      ? `${name} × ${operators.filter((other) => other === name).length}`
      : name;
  return distinct(operators.map(counted)).join(', ');
}

function operatorOf(name: string): string {
  const trimmed = name.trim();
  if (/(?:Join|CartesianProduct)$/.test(trimmed)) return 'Join';
  if (trimmed.endsWith('Aggregate')) return 'Aggregate';
  // Tables and files of one day carry its date; a number is no part of the shape.
  return trimmed.replace(/\d+/g, '#');
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function hashOf(texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16);
}

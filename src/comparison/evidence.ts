import type { Cause } from './attribute.ts';
import type { StageRow } from './stage-rows.ts';
import type { MeasureChange, PropertyChange } from './layers.ts';
import type { SqlLayer } from './sql-layer.ts';

export interface Layers {
  readonly properties: readonly PropertyChange[];
  readonly environment: readonly PropertyChange[];
  readonly data: readonly MeasureChange[];
  readonly executors: readonly MeasureChange[];
  readonly sql?: SqlLayer | undefined;
  readonly rows?: readonly StageRow[] | undefined;
}

/** Which properties can have a part in which cause. What stands in no line is shown as a difference and blamed for nothing. */
const PROPERTIES: Partial<Record<Cause, RegExp>> = {
  executors: /^spark\.(executor\.(cores|instances)|cores\.max|dynamicAllocation\.|task\.cpus|master$)/,
  occupancy:
    /^spark\.(sql\.shuffle\.partitions|default\.parallelism|sql\.files\.|sql\.adaptive\.|locality\.|dynamicAllocation\.|speculation|scheduler\.)/,
  gc: /^spark\.(executor\.(memory|extraJavaOptions|defaultJavaOptions)|memory\.)/,
  cpu: /^spark\.(serializer|sql\.codegen|io\.compression|sql\.execution\.(arrow|pyspark)|sql\.ansi)/,
  rest: /^spark\.(executor\.memory|memory\.|shuffle\.|io\.|python\.|locality\.)/,
  shuffleWait: /^spark\.(shuffle\.|reducer\.|network\.|sql\.shuffle\.)/,
  plan: /^spark\.sql\./,
  start: /^spark\.(dynamicAllocation\.|yarn\.|kubernetes\.|jars|submit\.|executor\.(instances|memory)|scheduler\.m)/,
  driver: /^spark\.(driver\.|sql\.(autoBroadcast|sources|hive|parquet)|hadoop\.mapreduce\.fileoutputcommitter)/,
  failures: /^spark\.(executor\.memory|memory\.|task\.maxFailures|speculation|network\.timeout|stage\.)/,
};

const MEASURES: Partial<Record<Cause, readonly string[]>> = {
  data: ['inputBytes', 'shuffleReadBytes', 'inputRecords'],
  rest: ['diskSpillBytes'],
  executors: ['executors', 'cores'],
  occupancy: ['tasks'],
  gc: ['executorMemoryBytes'],
  failures: ['failedTasks', 'lostExecutors'],
};

/** A measure that hardly moved is evidence of nothing. */
const WORTH_A_WORD = 0.02;
const MOST_STAGES = 3;

/** The differences of other layers that can have a part in a cause, as sentences. */
export function evidenceFor(cause: Cause, changeMs: number, layers: Layers): string[] {
  const { properties, environment, data, executors, sql, rows = [] } = layers;
  const pattern = PROPERTIES[cause];
  const measures = MEASURES[cause] ?? [];
  const versions = cause === 'cpu' || cause === 'rest' || cause === 'start' ? ['sparkVersion', 'javaVersion'] : [];
  return [
    ...[...data, ...executors]
      .filter((change) => measures.includes(change.measure) && hasMoved(change))
      .map(measureText),
    ...properties.filter(({ name }) => pattern?.test(name) === true).map(propertyText),
    ...environment.filter(({ name }) => versions.includes(name)).map(propertyText),
    ...(cause === 'plan' ? planTexts(sql, rows) : []),
    ...(cause === 'plan' ? [] : slowestStages(cause, changeMs, rows)),
  ];
}

function planTexts(sql: SqlLayer | undefined, rows: readonly StageRow[]): string[] {
  const added = rows.filter(({ before, cause }) => before === undefined && cause === 'plan').length;
  const removed = rows.filter(({ after, cause }) => after === undefined && cause === 'plan').length;
  return [
    ...(added + removed === 0 ? [] : [`${added} stages more, ${removed} stages fewer`]),
    ...(sql?.changed ?? []).map(({ before, after, gained, lost }) =>
      [
        `query ${before} → ${after}`,
        gained.length === 0 ? '' : ` now has ${gained.join(', ')}`,
        lost.length === 0 ? '' : `${gained.length === 0 ? '' : ','} no longer has ${lost.join(', ')}`,
        gained.length + lost.length === 0 ? ' has the same operators in another order' : '',
      ].join(''),
    ),
  ];
}

function slowestStages(cause: Cause, changeMs: number, rows: readonly StageRow[]): string[] {
  const worst = rows.filter((row) => row.cause === cause && row.changeMs * changeMs > 0).slice(0, MOST_STAGES);
  if (worst.length === 0) return [];
  const names = worst.map(({ before, after }) =>
    before === undefined || after === undefined || before === after
      ? `${after ?? before ?? ''}`
      : `${before} → ${after}`,
  );
  return [`above all in ${worst.length === 1 ? 'stage' : 'stages'} ${names.join(', ')}`];
}

function hasMoved({ before, after, ratio }: MeasureChange): boolean {
  if (before === null || after === null || before === after) return false;
  return ratio === null || Math.abs(ratio - 1) >= WORTH_A_WORD;
}

function measureText({ measure, before, after, ratio }: MeasureChange): string {
  const values = `${measure} ${before ?? 'unknown'} → ${after ?? 'unknown'}`;
  return ratio === null ? values : `${values} (×${ratio.toPrecision(3)})`;
}

function propertyText({ name, before, after }: PropertyChange): string {
  return `${name} ${before ?? 'not set'} → ${after ?? 'not set'}`;
}

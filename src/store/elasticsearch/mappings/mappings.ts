import type { DocumentKind } from '../../store.ts';
import { aggColumns } from './agg-columns.ts';
import {
  boolean,
  date,
  double,
  each,
  keyword,
  long,
  longAndKeyword,
  object,
  opaque,
  text,
  type FieldMapping,
  type Properties,
} from './field-types.ts';
import { sparkProperties } from './spark-properties.ts';

/** Rises with each change of a mapping: an index of an older version gets the fields that are new. */
export const MAPPING_VERSION = 1;

/**
 * What Spot finds documents by, in every index; written beside the document and taken off when it is read.
 *
 * `terms` holds `app:…`, `name:…`, `user:…`, `tag:…` and `cluster:…` whole (a long one as its hash), so that a filter is exact
 * for any text; `key` is the run's key and ledger entry as JSON, `fingerprint` the ledger's alone; `time` the end of the run in milliseconds; `properties` all Spark properties.
 */
const search: Properties = {
  spot_search: object({
    id: { type: 'keyword' },
    key: { type: 'keyword', index: false },
    // A stored field is read without parsing the document: three times as fast for the ledger.
    fingerprint: { type: 'keyword', index: false, doc_values: false, store: true },
    terms: { type: 'keyword' },
    // Not a date: 8.19 cannot sort documents without one last.
    time: long,
    properties: { type: 'flattened', ignore_above: 1024 },
  }),
  // The whole document, where Elasticsearch would not take it as it is.
  spot_document: opaque,
};

const marks = object({
  time_processed: date,
  history_host: text,
  cluster: text,
  fingerprint: keyword,
  revision: long,
  schema_version: long,
  status: text,
  flags: text,
});

/** Names are split into numbered words: these many are fields. The Enceladus names are those of the original's dashboards. */
const classification = object({
  ...each(['app', 'type', 'project', 'app_version', 'dataset', 'info_date'], text),
  ...each(
    Array.from({ length: 10 }, (_, index) => String(index + 1)),
    text,
  ),
  ...each(['dataset_version', 'info_version'], longAndKeyword),
  info_date_casted: date,
});

const application: Properties = {
  ...each(['id', 'name', 'history_host'], text),
  spot: marks,
  app_specific_data: object({ classification, tag: text }),
  isFinalAttempt: boolean,
};

const attemptHead: Properties = {
  ...each(['attemptId', 'sparkUser', 'appSparkVersion'], text),
  ...each(['startTime', 'endTime', 'lastUpdated'], date),
  ...each(['duration', 'startTimeEpoch', 'endTimeEpoch', 'lastUpdatedEpoch'], long),
  completed: boolean,
};

const additionalInfo = object({
  ...each(
    ['std_input_data_size', 'std_output_data_size', 'std_record_count', 'std_records_succeeded', 'std_records_failed'],
    double,
  ),
  ...each(
    [
      'conform_input_data_size',
      'conform_output_data_size',
      'conform_record_count',
      'conform_records_succeeded',
      'conform_records_failed',
    ],
    double,
  ),
  raw_record_count: double,
  raw_format: text,
});
const enceladusRun = object({
  runStatus: object({ status: text }),
  controlMeasure: object({ checkpoints: object({ controls_match: boolean }), metadata: object({ additionalInfo }) }),
});

const agg: Properties = {
  ...application,
  attempt: object({
    ...attemptHead,
    app_specific_data: object({ enceladus_run: enceladusRun }),
    environment: object({
      runtime: object(each(['javaVersion', 'scalaVersion'], text)),
      sparkProperties: object(sparkProperties),
      resourceProfiles: opaque,
    }),
    aggs: { dynamic: false, subobjects: false, properties: aggColumns },
  }),
};

const raw: Properties = {
  ...application,
  attempts: object({ ...attemptHead, ...each(['allexecutors', 'stages', 'environment', 'jobs', 'sql'], opaque) }),
};

const detail: Properties = {
  id: text,
  attemptId: text,
  spot: object({ cluster: text, revision: long }),
  detail: opaque,
};

const err: Properties = {
  spot: object({
    ...each(['spark_app_id', 'attempt_id', 'history_host', 'cluster'], text),
    time_processed: date,
    fingerprint: keyword,
    error: object({
      ...each(['stage', 'type', 'code', 'message'], text),
      ...each(['first_seen', 'next_try'], date),
      count: long,
      retryable: boolean,
    }),
  }),
};

/** What Spot itself learnt: found by kind and id alone. `write` marks the call that wrote it. */
const kept: Properties = {
  kind: keyword,
  id: { type: 'keyword' },
  revision: long,
  savedAt: date,
  write: { type: 'keyword', index: false, doc_values: false },
  body: opaque,
};

/** Whose documents an index holds. */
export type IndexKind = DocumentKind | 'kept';

const propertiesByKind: Readonly<Record<IndexKind, Properties>> = {
  raw: { ...raw, ...search },
  agg: { ...agg, ...search },
  err: { ...err, ...search },
  detail: { ...detail, ...search },
  kept,
};

/** The whole mapping of one kind of documents: closed, so that no document can add a field or be refused for a new one. */
export function mappingOf(kind: IndexKind): FieldMapping & { readonly properties: Properties } {
  return {
    dynamic: false,
    date_detection: false,
    numeric_detection: false,
    _meta: { spot_mapping_version: MAPPING_VERSION },
    properties: propertiesByKind[kind],
  };
}

/** Raw and detail documents are written often and searched seldom: they are compressed harder and refreshed less. */
export function settingsOf(kind: IndexKind): Readonly<Record<string, unknown>> {
  const isBulky = kind === 'raw' || kind === 'detail';
  return {
    'index.auto_expand_replicas': '0-1',
    'index.mapping.total_fields.limit': 1000,
    'index.mapping.ignore_malformed': true,
    ...(isBulky ? { 'index.codec': 'best_compression', 'index.refresh_interval': '30s' } : {}),
  };
}

export const KINDS: readonly IndexKind[] = ['raw', 'agg', 'err', 'detail', 'kept'];

/** An index template as `PUT /_index_template/spot-<kind>` takes it. */
export function templateOf(kind: IndexKind): Readonly<Record<string, unknown>> {
  return {
    index_patterns: [`spot_${kind}_*`],
    priority: 250,
    version: MAPPING_VERSION,
    // Whoever wants more fields or other settings puts them here; it is used where it exists.
    composed_of: [customTemplate(kind)],
    ignore_missing_component_templates: [customTemplate(kind)],
    _meta: { description: `Spot: ${kind} documents` },
    template: { settings: settingsOf(kind), mappings: mappingOf(kind) },
  };
}

export function templateName(kind: IndexKind): string {
  return `spot-${kind}`;
}

function customTemplate(kind: IndexKind): string {
  return `spot-${kind}@custom`;
}

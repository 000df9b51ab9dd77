import { editDistance } from '../../util/suggest.ts';
import { KNOWN_PROPERTIES } from '../computed/known-properties.ts';
import { nodesOf } from '../computed/plan-nodes.ts';
import { parseByteSize } from '../../spark/byte-size.ts';
import { parseTimeSpan } from '../../spark/time-span.ts';
import type { Fix } from '../finding.ts';
import { defineHeuristic, NO_GAIN, type Observation } from '../heuristic.ts';
import type { Properties, RunSpan } from '../inputs.ts';
import type { Severity } from '../severity.ts';

interface Rule {
  readonly key: string;
  readonly severity: Severity;
  readonly isBad: (value: string, run: RunSpan, properties: Properties) => boolean;
  readonly fix: Fix;
}

/** Values that are wrong whatever the run does. A value that may be right is no rule. */
const RULES: readonly Rule[] = [
  {
    key: 'spark.memory.fraction',
    // What it costs shows as spill or garbage collection, with a severity of its own.
    severity: 'low',
    isBad: (value) => Number(value) < 0.4 || Number(value) > 0.8,
    fix: {
      text: 'Below 0.4 tasks spill for want of what lies idle beside them, above 0.8 the program’s own objects have no room.',
      set: { 'spark.memory.fraction': '0.6' },
    },
  },
  {
    key: 'spark.driver.maxResultSize',
    severity: 'moderate',
    isBad: (value) => parseByteSize(value, 'b') === 0,
    fix: { text: 'Without a limit one collect() can end the driver.', set: { 'spark.driver.maxResultSize': '1g' } },
  },
  {
    key: 'spark.shuffle.compress',
    severity: 'moderate',
    isBad: (value) => value === 'false',
    fix: { text: 'Shuffle files are written and sent uncompressed.', set: { 'spark.shuffle.compress': 'true' } },
  },
  {
    key: 'spark.shuffle.spill.compress',
    severity: 'low',
    isBad: (value) => value === 'false',
    fix: { text: 'What spills is written uncompressed.', set: { 'spark.shuffle.spill.compress': 'true' } },
  },
  {
    key: 'spark.sql.adaptive.enabled',
    severity: 'low',
    isBad: (value, run) => value === 'false' && (run.sparkVersion ?? 0) >= 3 && !run.isStreaming,
    fix: {
      text: 'Adaptive execution merges small partitions, splits skewed ones and broadcasts by measured size; it is off.',
      set: { 'spark.sql.adaptive.enabled': 'true' },
    },
  },
  {
    key: 'spark.sql.parquet.filterPushdown',
    severity: 'low',
    isBad: (value) => value === 'false',
    fix: { text: 'Filters do not reach Parquet files.', set: { 'spark.sql.parquet.filterPushdown': 'true' } },
  },
  {
    key: 'spark.sql.parquet.enableVectorizedReader',
    severity: 'low',
    isBad: (value) => value === 'false',
    fix: { text: 'Parquet is read row by row.', set: { 'spark.sql.parquet.enableVectorizedReader': 'true' } },
  },
  {
    key: 'spark.sql.codegen.wholeStage',
    severity: 'low',
    isBad: (value) => value === 'false',
    fix: { text: 'Queries are interpreted instead of compiled.', set: { 'spark.sql.codegen.wholeStage': 'true' } },
  },
  {
    key: 'spark.task.maxFailures',
    severity: 'low',
    isBad: (value) => Number(value) > 20,
    fix: {
      text: 'A task that must fail is tried so often that its error comes late.',
      set: { 'spark.task.maxFailures': '4' },
    },
  },
  {
    key: 'spark.locality.wait',
    severity: 'low',
    isBad: (value) => Number(parseTimeSpan(value, 'ms') ?? 0) > 10_000,
    fix: { text: 'A task waits this long for a local slot at each level.', set: { 'spark.locality.wait': '3s' } },
  },
];

/** Finds properties with values that waste or endanger, and names that Spark does not know. */
export const properties = defineHeuristic({
  id: 'properties',
  title: 'No property wastes or endangers',
  failureTitle: 'A property wastes, endangers, or is misspelt',
  inputs: ['run', 'properties'],
  alsoUses: ['sql', 'stages'],
  thresholds: { likeness: { value: 1, unit: 'characters that differ' } },
  evaluate({ run, properties: set, sql, stages }, { likeness }) {
    const found: Observation[] = [];
    const add = (key: string, severity: Severity, facts: Observation['facts'], fix: Fix): void => {
      found.push({ severity, subject: key, facts: { property: key, ...facts }, gain: NO_GAIN, fix });
    };
    // Without a shuffle in any plan, or in any stage where plans are not known, there was nothing to adapt.
    const shuffles =
      sql?.some(({ plan }) => plan !== undefined && nodesOf(plan).some(({ name }) => name === 'Exchange')) ??
      stages?.some(({ sums }) => (sums['shuffleReadBytes'] ?? 0) > 0) ??
      true;
    for (const { key, severity, isBad, fix } of RULES) {
      const value = set[key];
      if (value === undefined || !isBad(value, run, set)) continue;
      if (key === 'spark.sql.adaptive.enabled' && !shuffles) continue;
      add(key, severity, { value }, fix);
    }
    for (const key of Object.keys(set)) {
      if (KNOWN_PROPERTIES.has(key)) continue;
      const meant = [...KNOWN_PROPERTIES].find((known) => isSlip(key, known, likeness.value));
      if (meant !== undefined)
        add(
          key,
          'low',
          { meant },
          { text: `Spark does not know ${key} and ignores it without a word; ${meant} was probably meant.` },
        );
    }
    return found;
  },
});

/** One letter too many, too few, or another one; names so short that many are alike are left out. */
function isSlip(key: string, known: string, most: number): boolean {
  return key.length > 15 && Math.abs(key.length - known.length) <= most && editDistance(key, known) <= most;
}

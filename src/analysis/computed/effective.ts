import { parseByteSize, type ByteUnit } from '../../spark/byte-size.ts';
import type { Properties, RunSpan } from '../inputs.ts';

interface WithProperties {
  readonly properties: Properties;
}

/** A property as it was in effect for a stage: its session's value, else the run's. */
export function effective(name: string, stage: WithProperties | undefined, properties: Properties): string | undefined {
  return stage?.properties[name] ?? properties[name];
}

export function effectiveBytes(
  name: string,
  stage: WithProperties | undefined,
  properties: Properties,
  bareUnit: ByteUnit,
): number | undefined {
  const text = effective(name, stage, properties);
  const bytes = text === undefined ? undefined : parseByteSize(text, bareUnit);
  return bytes === undefined ? undefined : Number(bytes);
}

/** With it, the default, merged partitions are as many as cores where each has its least size; without it they aim at the advisory size. */
export function isParallelismFirst(stage: WithProperties | undefined, properties: Properties): boolean {
  return (effective('spark.sql.adaptive.coalescePartitions.parallelismFirst', stage, properties) ?? 'true') === 'true';
}

/** Adaptive execution is on from Spark 3.2 unless it is switched off; a run that does not tell its version is taken for a new one. */
export function isAdaptive(stage: WithProperties | undefined, properties: Properties, run: RunSpan): boolean {
  const text = effective('spark.sql.adaptive.enabled', stage, properties);
  return text === undefined ? (run.sparkVersion ?? 3.2) >= 3.2 : text === 'true';
}

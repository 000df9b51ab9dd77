import type { Long } from './rest.ts';
import { castOf } from './property-casts.ts';

/**
 * The properties of a document as Spark would read them: its own names, values with their unit.
 *
 * A document names `spark.executor.memory` as `spark_executor_memory` and keeps its value as a number of bytes. No
 * property of Spark's own has an underscore in its name; one of somebody else's comes out with dots instead.
 *
 * @param documentProperties - `environment.sparkProperties` of a raw or aggregate document
 */
export function sparkPropertiesOf(documentProperties: Readonly<Record<string, unknown>>): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const [name, value] of Object.entries(documentProperties)) {
    const text = propertyText(name, value);
    if (text !== undefined && name.startsWith('spark_')) properties[name.replaceAll('_', '.')] = text;
  }
  return properties;
}

function propertyText(documentName: string, value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  return withUnit(value, castOf(documentName));
}

function withUnit(value: Long, cast: ReturnType<typeof castOf>): string {
  if (cast === 'bytes') return `${value}b`;
  return cast === 'milliseconds' ? `${value}ms` : String(value);
}

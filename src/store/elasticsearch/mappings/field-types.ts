/** A mapping as Elasticsearch takes it. */
export type FieldMapping = Readonly<Record<string, unknown>>;
export type Properties = Readonly<Record<string, FieldMapping>>;

/** As dynamic mapping made strings for the original: dashboards use `.keyword`. */
export const text: FieldMapping = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } };
export const keyword: FieldMapping = { type: 'keyword', ignore_above: 1024 };
export const date: FieldMapping = { type: 'date' };
export const double: FieldMapping = { type: 'double' };
export const long: FieldMapping = { type: 'long' };
export const boolean: FieldMapping = { type: 'boolean' };
/** Digits as a number, with `.keyword` for whoever groups by it. */
export const longAndKeyword: FieldMapping = {
  type: 'long',
  fields: { keyword: { type: 'keyword', ignore_above: 256 } },
};
/** Stored and shown, never searched: any JSON fits, and none of its keys becomes a field. */
export const opaque: FieldMapping = { type: 'object', enabled: false };

/** An object whose unlisted keys are stored and shown, and never become fields. */
export function object(properties: Properties): FieldMapping {
  return { dynamic: false, properties };
}

/** The same mapping under each of these names. */
export function each(names: readonly string[], mapping: FieldMapping): Properties {
  return Object.fromEntries(names.map((name) => [name, mapping]));
}

/** How many fields Elasticsearch counts against `index.mapping.total_fields.limit`: objects, fields and multi-fields. */
export function countFields(properties: Properties): number {
  const counts = Object.values(properties).map(({ properties: inner, fields }) => {
    const multiFields = Object.keys(fields ?? {}).length;
    return 1 + multiFields + countFields((inner ?? {}) as Properties);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

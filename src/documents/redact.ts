import type { Json } from './documents.ts';
import { setOwn } from './own-properties.ts';

/** Takes secrets out of what is kept; `util/redaction.ts` has the one that Spot uses. */
export interface Redact {
  /** The value of a property, judged by its name and by its own shape. */
  property(key: string, value: string): string;
  /** Free text: names, descriptions, messages. */
  text(text: string): string;
}

/**
 * A copy of any JSON value without secrets, in its keys as well: Spark has maps whose keys are a user's text (why tasks were killed).
 *
 * @param key - under which the value stands, for {@link Redact.property}
 */
export function redactDeep(value: unknown, key: string, redact: Redact): Json {
  if (typeof value === 'string') return redact.property(key, value);
  if (typeof value !== 'object' || value === null) return value as Json;
  if (Array.isArray(value)) return value.map((element) => redactDeep(element, key, redact));

  const copy: Record<string, Json> = {};
  for (const [inner, element] of Object.entries(value)) {
    if (element !== undefined) setOwn(copy, redact.text(inner), redactDeep(element, inner, redact));
  }
  return copy;
}

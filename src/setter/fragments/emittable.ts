import { SpotError } from '../../util/errors.ts';
import { CATALOGUE, isKnownTo, isWellFormed } from '../catalogue.ts';
import type { PlatformName } from '../../spark/platform.ts';
import type { FragmentInput } from './fragment.ts';

/** A suggestion cannot be made or written. */
export class SuggestionError extends SpotError {}

const KEY = /^spark\.[A-Za-z0-9._-]+$/;
const VALUE = /^[A-Za-z0-9._+-]+$/;

export interface Emittable {
  /** Sorted by key. */
  readonly entries: readonly (readonly [string, string])[];
  readonly leftOut: readonly string[];
}

/**
 * The properties that may be written for a target, sorted by key; what the target manages itself is left out and named.
 *
 * @throws SuggestionError `SUGGESTION_NOT_EMITTABLE` for a key outside of the catalogue or a value that could be anything but a value
 */
export function emittable({ properties, sparkVersion }: FragmentInput, target: PlatformName): Emittable {
  const sorted = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, value] of sorted) {
    const entry = Object.hasOwn(CATALOGUE, key) ? CATALOGUE[key] : undefined;
    const isSafe =
      entry !== undefined &&
      KEY.test(key) &&
      isWellFormed(entry.kind, value) &&
      (entry.kind === 'jvm-options' || VALUE.test(value));
    if (!isSafe)
      throw new SuggestionError(
        'SUGGESTION_NOT_EMITTABLE',
        `${JSON.stringify(key)} with this value may not be written into a launch: only properties of the catalogue in Spark's own notation are`,
      );
  }
  const isTaken = (key: string): boolean => {
    const entry = CATALOGUE[key];
    return entry?.notOn?.includes(target) !== true && isKnownTo(sparkVersion, entry?.since);
  };
  return {
    entries: sorted.filter(([key]) => isTaken(key)),
    leftOut: sorted.filter(([key]) => !isTaken(key)).map(([key]) => key),
  };
}

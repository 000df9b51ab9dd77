import type { AppSpecificData } from '../documents/documents.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../spark/rest.ts';
import { defaultClassification } from './classification/default-classification.ts';
import { enceladusClassification } from './enceladus/enceladus-classification.ts';

/**
 * What another system, or the application's name alone, tells about a run: its classification and its tag.
 *
 * An enricher always answers; one that asks a system takes the enricher to fall back on as an argument.
 * Its errors are `IntegrationError`s whose `retryable` says whether the same call may succeed later.
 */
export type Enricher = (
  application: ApplicationInfo,
  attempt: ApplicationAttemptInfo,
  options: { readonly signal: AbortSignal },
) => AppSpecificData | Promise<AppSpecificData>;

/** Reads the names of one system; `undefined` for a name that is not one of them. */
export type NameRule = (name: string) => AppSpecificData | undefined;

/** The systems whose names are known, in the order in which they are asked. */
export const NAME_RULES: readonly NameRule[] = [enceladusClassification];

/** Classification and tag by the application's name: of the first rule that knows it, else the default. */
export function classify(name: string, rules: readonly NameRule[] = NAME_RULES): AppSpecificData {
  for (const rule of rules) {
    const known = rule(name);
    if (known !== undefined) return known;
  }
  return defaultClassification(name);
}

/** Asks no other system. */
export const classificationEnricher: Enricher = ({ name }) => classify(name);

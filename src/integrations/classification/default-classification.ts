import type { AppSpecificData } from '../../documents/documents.ts';

const SEPARATOR = /[ ;,.\-%_]/;

/**
 * The classification of a name that no system claims: the whole name, and its tokens as `1`, `2`, ….
 *
 * Each single separator cuts, so two in a row leave an empty token, as in the original: tokens keep their place.
 */
export function defaultClassification(name: string): AppSpecificData {
  const classification: Record<string, string> = { app: name, type: name };
  name.split(SEPARATOR).forEach((token, index) => {
    classification[index + 1] = token;
  });
  return { classification, tag: name };
}

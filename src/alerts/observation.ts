import type { AlertKind } from '../integrations/alert-channel.ts';

/**
 * How something stands now, one for each subject that was looked at; what was not looked at, or cannot be told, has none.
 *
 * `firing`: somebody should know. `fine`: it is over, or never was.
 */
export type Observation =
  | { readonly status: 'fine'; readonly kind: AlertKind; readonly subject: string; readonly words: Words }
  | {
      readonly status: 'firing';
      readonly kind: AlertKind;
      readonly subject: string;
      readonly words: Words;
      /** It is too long ago to begin an alert with: one that is open stays open. */
      readonly isOld?: boolean | undefined;
    };

export interface Words {
  /** One line. */
  readonly title: string;
  readonly text: string;
  readonly facts: Readonly<Record<string, number | string | null>>;
}

/** Names in a subject may hold anything; `/` separates. */
export function subjectOf(kind: AlertKind, ...names: readonly string[]): string {
  return [kind, ...names.map((name) => encodeURIComponent(name.toWellFormed()))].join('/');
}

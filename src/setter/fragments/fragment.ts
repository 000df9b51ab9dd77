import type { PlatformName } from '../../spark/platform.ts';

/** What a fragment is made from: the properties of a suggestion, and where they are to go. */
export interface FragmentInput {
  readonly properties: Readonly<Record<string, string>>;
  readonly platform: PlatformName;
  readonly sparkVersion?: string | undefined;
}

/** A configuration in the words of one tool, to be pasted there. */
export interface Fragment {
  readonly text: string;
  /** Keys that the target forbids, left out. */
  readonly leftOut: readonly string[];
}

import { emittable } from './emittable.ts';
import type { Fragment, FragmentInput } from './fragment.ts';
import { shellWord } from './shell-word.ts';

/** The arguments that come between `spark-submit` and the application. */
export function sparkSubmitArguments(entries: readonly (readonly [string, string])[]): string[] {
  return entries.flatMap(([key, value]) => ['--conf', `${key}=${value}`]);
}

/** One `spark-submit` on several lines; the application and its arguments follow. */
export function sparkSubmitFragment(input: FragmentInput): Fragment {
  const { entries, leftOut } = emittable(input, input.platform);
  const pairs = entries.map(([key, value]) => `--conf ${shellWord(`${key}=${value}`)}`);
  return { text: ['spark-submit', ...pairs].join(' \\\n  '), leftOut };
}

import { emittable } from './emittable.ts';
import type { Fragment, FragmentInput } from './fragment.ts';

/** Lines of a `spark-defaults.conf` or a `--properties-file`: key, blanks, value. */
export function propertiesFragment(input: FragmentInput): Fragment {
  const { entries, leftOut } = emittable(input, input.platform);
  const width = Math.max(0, ...entries.map(([key]) => key.length));
  return { text: entries.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join('\n'), leftOut };
}

import { emittable } from './emittable.ts';
import type { Fragment, FragmentInput } from './fragment.ts';

/**
 * The `spark-defaults` classification of an EMR cluster; all values are strings.
 *
 * @see https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html
 */
export function emrFragment(input: FragmentInput): Fragment {
  const { entries, leftOut } = emittable(input, 'emr');
  const classification = [{ Classification: 'spark-defaults', Properties: Object.fromEntries(entries) }];
  return { text: JSON.stringify(classification, null, 2), leftOut };
}

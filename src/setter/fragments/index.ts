import { airflowFragment } from './airflow.ts';
import { databricksFragment } from './databricks.ts';
import { emrFragment } from './emr.ts';
import type { Fragment, FragmentInput } from './fragment.ts';
import { kubernetesFragment } from './kubernetes.ts';
import { propertiesFragment } from './properties.ts';
import { sparkSubmitFragment } from './spark-submit.ts';

/** The fragments by the name of their format. */
export const FRAGMENTS: ReadonlyMap<string, (input: FragmentInput) => Fragment> = new Map([
  ['spark-submit', sparkSubmitFragment],
  ['properties', propertiesFragment],
  ['airflow', airflowFragment],
  ['emr', emrFragment],
  ['databricks', databricksFragment],
  ['kubernetes', kubernetesFragment],
]);

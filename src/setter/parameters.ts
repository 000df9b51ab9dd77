import { castProperty, documentNameOf } from '../spark/property-casts.ts';
import { CATALOGUE } from './catalogue.ts';

/** Settings by their name in the documents (`spark_sql_adaptive_enabled`). */
export type Parameters = Readonly<Record<string, number | string>>;

/** Those that are features of their own, or the same in other words. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(
  [
    'spark.executor.cores',
    'spark.executor.instances',
    'spark.executor.memory',
    'spark.cores.max',
    'spark.driver.cores',
    'spark.driver.memory',
    'spark.dynamicAllocation.initialExecutors',
    'spark.dynamicAllocation.maxExecutors',
    'spark.dynamicAllocation.minExecutors',
    'spark.sql.shuffle.partitions',
    'spark.executor.extraJavaOptions',
  ].map(documentNameOf),
);

const OF_SPARK: ReadonlySet<string> = new Set(Object.keys(CATALOGUE).map(documentNameOf));

/** First words of the properties that are Spark's own, or a platform's: their values say nothing of the job. */
const NAMESPACES =
  /^spark_(?:acls|admin|app|archives|authenticate|barrier|blacklist|blockManager|broadcast|callerContext|checkpoint|cleaner|connect|cores|databricks|decommission|default|deploy|driver|dynamicAllocation|eventLog|excludeOnFailure|executor|executorEnv|extraListeners|files|graphx|hadoop|history|hive|io|jars|job|kryo\w*|kubernetes|launcher|local|locality|log\w*|master|memory|mesos|metrics|ml|modify|network|org|plugins|port|pyspark|python|r|rdd|redaction|reducer|repl|resources|rpc|scheduler|security|serializer|shuffle|speculation|sql|ssl|stage|standalone|storage|streaming|submit|task|test|ui|unsafe|user|worker|yarn)(?:_|$)/;

/**
 * The settings of a run that may explain its run time: those of Spark that a suggestion may hold, and numbers and switches that the
 * application itself was given (`--conf spark.nightly.days=7`). Texts of the application are left out: they are names and dates.
 *
 * @param properties - as an aggregate document holds them
 */
export function parametersOf(properties: Readonly<Record<string, unknown>>): Parameters {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, value]): [string, number | string][] => {
      if (TOLD_OTHERWISE.has(name)) return [];
      if (OF_SPARK.has(name)) return [[name, scalarOf(value) ?? String(value)]];
      const scalar = !name.startsWith('spark_') || NAMESPACES.test(name) ? undefined : scalarOf(value);
      return scalar === undefined ? [] : [[name, scalar]];
    }),
  );
}

/** `spark.a.b=1` under the name and with the type that a run has it. */
export function parameterOf(assignment: string): [name: string, value: number | string] {
  const [, property = assignment, text = ''] = /^([^=]*)=(.*)$/s.exec(assignment) ?? [];
  const name = documentNameOf(property.trim());
  const value = castProperty(name, text);
  return [name, scalarOf(value) ?? String(value)];
}

/** A number, or the text of a switch. */
function scalarOf(value: unknown): number | string | undefined {
  if (typeof value === 'number') return value;
  const text = String(value);
  if (text === 'true' || text === 'false') return text;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

/** Few rows cannot tell the effects of many things. */
const MOST_FEATURES = 4;

/**
 * The parameters of which the runs can teach something: at least two values, each in at least two runs, and known of every run.
 *
 * @returns names, those with most even values first, at most four
 */
export function varyingParameters(runs: readonly { readonly parameters?: Parameters | undefined }[]): string[] {
  const names = new Set(runs.flatMap(({ parameters }) => Object.keys(parameters ?? {})));
  return [...names]
    .map((name) => {
      const values = runs.map(({ parameters }) => parameters?.[name] ?? UNSET);
      // Nearly all of them: not worth counting.
      if (values.every((value) => value === values[0]))
        return { name, isMixed: false, values: 1, least: values.length };
      const counts = [...Map.groupBy(values, (value) => value).values()].map(({ length }) => length);
      const isMixed = new Set(values.filter((value) => value !== UNSET).map((value) => typeof value)).size > 1;
      return { name, isMixed, values: counts.length, least: Math.min(...counts) };
    })
    .filter(({ isMixed, values, least }) => !isMixed && values > 1 && least > 1)
    .sort((a, b) => b.least - a.least || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_FEATURES)
    .map(({ name }) => name)
    .sort();
}

const UNSET = 'not set';

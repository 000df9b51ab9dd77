import { castProperty, documentNameOf } from '../spark/property-casts.ts';
import type { ApplicationEnvironmentInfo, PropertyList } from '../spark/rest.ts';
import type { Json, JsonObject } from './documents.ts';
import { omit, setOwn } from './own-properties.ts';
import { redactDeep, type Redact } from './redact.ts';

/** Addresses, paths, credentials and JVM options: what the original took out of the Spark properties. */
const REMOVED_PROPERTIES: ReadonlySet<string> = new Set(
  [
    'spark.driver.host',
    'spark.driver.port',
    'spark.jars',
    'spark.eventLog.dir',
    'spark.driver.appUIAddress',
    'spark.ui.filters',
    'spark.org.apache.hadoop.yarn.server.webproxy.amfilter.AmIpFilter.param.PROXY_HOSTS',
    'spark.org.apache.hadoop.yarn.server.webproxy.amfilter.AmIpFilter.param.PROXY_URI_BASES',
    'spark.org.apache.hadoop.yarn.server.webproxy.amfilter.AmIpFilter.param.RM_HA_URLS',
    'spark.yarn.app.container.log.dir',
    'spark.history.kerberos.keytab',
    'spark.history.kerberos.principal',
    'spark.driver.extraJavaOptions',
    'spark.executor.extraJavaOptions',
    'spark.executorEnv.PYTHONPATH',
    'spark.yarn.am.extraJavaOptions',
    'spark.yarn.keytab',
    'spark.yarn.principal',
  ].map(documentNameOf),
);

const OMITTED_OF_RUNTIME: ReadonlySet<string> = new Set(['javaHome']);

/**
 * The environment as the raw document keeps it: Spark's properties as an object, lists of pairs as they are, all without secrets.
 *
 * `systemProperties`, `classpathEntries` and `runtime.javaHome` are left out, as the original did.
 * `collidingSparkProperties` is there only when two properties have one name in the document.
 */
export function rawEnvironment(environment: ApplicationEnvironmentInfo, redact: Redact): JsonObject {
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(environment)) {
    const value = environment[key];
    if (key === 'sparkProperties') Object.assign(copy, rawSparkProperties(environment.sparkProperties, redact));
    else if (key === 'hadoopProperties' || key === 'metricsProperties')
      copy[key] = redactPairs(value as PropertyList, redact);
    else if (key === 'runtime') copy[key] = rawRuntime(environment.runtime, redact);
    else if (key !== 'systemProperties' && key !== 'classpathEntries')
      setOwn(copy, key, redactDeep(value, key, redact));
  }
  return copy;
}

/**
 * Spark's properties by their name with `_` for `.`, the known ones as numbers (bytes, milliseconds, counts) or booleans.
 *
 * Of a property listed twice the last one counts.
 * Of `spark.x.y` and `spark.x_y` the one with the dot has the name, because Spark itself spells with dots; the other one is in
 * `collidingSparkProperties`, so nothing is lost, whatever their order.
 */
function rawSparkProperties(list: PropertyList, redact: Redact): JsonObject {
  const kept = new Map<string, readonly [property: string, value: string]>();
  const colliding: (readonly [string, string])[] = [];
  for (const [property, value] of list) {
    const name = documentNameOf(property);
    if (REMOVED_PROPERTIES.has(name)) continue;
    const other = kept.get(name);
    // A dot sorts before `_`, so the smaller of two such names is the one with the earlier dot.
    if (other === undefined || property <= other[0]) kept.set(name, [property, value]);
    if (other !== undefined && other[0] !== property) colliding.push(property < other[0] ? other : [property, value]);
  }

  const sparkProperties: Record<string, Json> = {};
  for (const [name, [property, value]] of kept)
    setOwn(sparkProperties, name, castProperty(name, redact.property(property, value)));
  return colliding.length === 0
    ? { sparkProperties }
    : { sparkProperties, collidingSparkProperties: redactPairs(colliding.toSorted(byNameAndValue), redact) };
}

function byNameAndValue(left: readonly [string, string], right: readonly [string, string]): number {
  return left.join('\0') < right.join('\0') ? -1 : 1;
}

/** What became of lists that never change, by redactor: each masks with a key of its own. */
const redactedLists = new WeakMap<Redact, WeakMap<PropertyList, PropertyList>>();

/**
 * A thousand Hadoop properties per run, nearly none of them secret: an untouched pair is not copied.
 * A frozen list is one that the source has handed out before, or will again.
 */
function redactPairs(pairs: PropertyList, redact: Redact): PropertyList {
  if (!Object.isFrozen(pairs)) return pairs.map((pair) => redactPair(pair, redact));
  const byList = redactedLists.get(redact) ?? new WeakMap<PropertyList, PropertyList>();
  redactedLists.set(redact, byList);
  const redacted = byList.get(pairs) ?? Object.freeze(pairs.map((pair) => redactPair(pair, redact)));
  byList.set(pairs, redacted);
  return redacted;
}

function redactPair(pair: PropertyList[number], redact: Redact): PropertyList[number] {
  const [key, value] = pair;
  const redacted = redact.property(key, value);
  return redacted === value ? pair : [key, redacted];
}

function rawRuntime(runtime: Readonly<Record<string, unknown>>, redact: Redact): JsonObject {
  return redactDeep(omit(runtime, OMITTED_OF_RUNTIME), 'runtime', redact) as JsonObject;
}

import type { ApplicationEnvironmentInfo, PropertyList } from '../../spark/rest.ts';
import type { JsonRecord } from './json-fields.ts';
import { field, intField, longField, optionalRecord, optionalText, recordField, textField } from './json-fields.ts';
import { asText, refuse } from './json-fields.ts';

/** The server's own `spark.redaction.regex`, which it applies when it answers: whatever the application had set. */
const SECRET = /secret|password|token|access[.]?key/i;
const REDACTED = '*********(redacted)';

/** A resource profile as `/environment` lists it. */
export interface ResourceProfile {
  readonly id: number;
  readonly executorResources: Readonly<Record<string, unknown>>;
  readonly taskResources: Readonly<Record<string, { readonly resourceName: string; readonly amount: number }>>;
}

/** What the last EnvironmentUpdate says; properties are sorted by key and not redacted. */
export interface Environment {
  readonly runtime: Readonly<Record<string, string>>;
  readonly sparkProperties: PropertyList;
  readonly hadoopProperties: PropertyList;
  readonly systemProperties: PropertyList;
  readonly metricsProperties: PropertyList;
  readonly classpathEntries: PropertyList;
}

export function readEnvironment(event: JsonRecord): Environment {
  const jvm = recordField(event, 'JVM Information');
  const javaVersion = optionalText(jvm, 'Java Version');
  const javaHome = optionalText(jvm, 'Java Home');
  const scalaVersion = optionalText(jvm, 'Scala Version');
  return {
    runtime: {
      ...(javaVersion === undefined ? {} : { javaVersion }),
      ...(javaHome === undefined ? {} : { javaHome }),
      ...(scalaVersion === undefined ? {} : { scalaVersion }),
    },
    sparkProperties: properties(event, 'Spark Properties'),
    hadoopProperties: properties(event, 'Hadoop Properties'),
    systemProperties: properties(event, 'System Properties'),
    metricsProperties: properties(event, 'Metrics Properties'),
    classpathEntries: properties(event, 'Classpath Entries'),
  };
}

/** As the server answers: class path entries are not redacted. */
export function environmentInfo(
  environment: Environment,
  profiles: readonly ResourceProfile[],
): ApplicationEnvironmentInfo {
  return {
    runtime: environment.runtime,
    sparkProperties: redacted(environment.sparkProperties),
    hadoopProperties: redacted(environment.hadoopProperties),
    systemProperties: redacted(environment.systemProperties),
    metricsProperties: redacted(environment.metricsProperties),
    classpathEntries: environment.classpathEntries,
    resourceProfiles: profiles.map((profile) => ({ ...profile })),
  };
}

export function readResourceProfile(event: JsonRecord): ResourceProfile {
  const executor = recordField(event, 'Executor Resource Requests');
  const task = recordField(event, 'Task Resource Requests');
  return {
    id: intField(event, 'Resource Profile Id'),
    executorResources: mapValues(executor, (request) => ({
      resourceName: textField(request, 'Resource Name'),
      amount: longField(request, 'Amount'),
      discoveryScript: textField(request, 'Discovery Script'),
      vendor: textField(request, 'Vendor'),
    })),
    taskResources: mapValues(task, (request) => ({
      resourceName: textField(request, 'Resource Name'),
      amount: amountOf(request),
    })),
  };
}

function properties(event: JsonRecord, key: string): PropertyList {
  const record = optionalRecord(event, key) ?? {};
  return Object.keys(record)
    .sort()
    .map((name) => [name, asText(record[name])] as const);
}

function redacted(list: PropertyList): PropertyList {
  return list.map((pair) => (SECRET.test(pair[0]) || SECRET.test(pair[1]) ? [pair[0], REDACTED] : pair));
}

function mapValues<T>(record: JsonRecord, read: (value: JsonRecord) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.keys(record).map((key) => [key, read(recordField(record, key))]));
}

/** More than any cluster has of anything, and far below what sums lose. */
const MAX_AMOUNT = 2 ** 63;

/** A share of a resource may be a fraction: half a GPU. */
function amountOf(request: JsonRecord): number {
  const amount = field(request, 'Amount');
  return typeof amount === 'number' && Math.abs(amount) <= MAX_AMOUNT ? amount : refuse('"Amount" is no number');
}

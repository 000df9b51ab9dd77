import { parse } from 'ini';
import { ConfigError } from '../util/errors.ts';
import { nearestWord } from '../util/suggest.ts';
import { readValue, type KeySpec, type Section, type SettingsOf } from './section.ts';

/** One occurrence of a section: `[SPARK_HISTORY prod]` has the label `prod`, `[SPARK_HISTORY]` the empty one. */
export interface SectionInstance<S extends Section> {
  readonly label: string;
  readonly settings: SettingsOf<S>;
  /** Keys that were really given, in the file or the environment. */
  readonly given: ReadonlySet<string>;
}

export interface ReadConfigOptions {
  /** Shown in messages. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the file that a `…_file` key names. */
  readonly readSecretFile: (path: string) => string;
}

/** The checked configuration. Reading it is the only way a value of config.ini enters Spot. */
export class Config {
  readonly file: string;
  /** Sentences about keys that are accepted and have no effect. */
  readonly warnings: readonly string[];
  readonly #instances: ReadonlyMap<string, readonly SectionInstance<Section>[]>;

  constructor(
    file: string,
    instances: ReadonlyMap<string, readonly SectionInstance<Section>[]>,
    warnings: readonly string[],
  ) {
    this.file = file;
    this.#instances = instances;
    this.warnings = warnings;
  }

  /** The occurrences that the file holds, in its order; none when the section is absent. */
  instancesOf<S extends Section>(section: S): readonly SectionInstance<S>[] {
    return (this.#instances.get(section.name) ?? []).filter((instance) => instance.given.size > 0);
  }

  /** The section without a label; all defaults when the file does not hold it. */
  of<S extends Section>(section: S): SectionInstance<S> {
    const found = this.#instances.get(section.name)?.find((instance) => instance.label === '');
    if (found === undefined) throw new TypeError(`Section ${section.name} was not registered`);
    return found;
  }
}

type Texts = Map<string, string>;

/**
 * Reads and checks the text of a config.ini.
 *
 * A key may also come from the environment as `SPOT_<SECTION>_<KEY>` (`SPOT_ELASTICSEARCH_PASSWORD`), and a secret
 * from a file named by `<key>_file`; the environment wins, then the file, then the text. Paths may hold variables (`${HOME}`).
 *
 * @throws ConfigError `CONFIG_UNKNOWN_SECTION`, `CONFIG_UNKNOWN_KEY`, `CONFIG_INVALID_VALUE`, `CONFIG_SECRET_FILE`
 */
export function readConfig(text: string, sections: readonly Section[], options: ReadConfigOptions): Config {
  const warnings: string[] = [];
  const given = sectionsOf(text);
  const instances = new Map<string, SectionInstance<Section>[]>(sections.map((section) => [section.name, []]));

  for (const [header, texts] of given) {
    const [name = '', ...label] = header.split(' ');
    const section = sections.find((candidate) => candidate.name === name);
    if (section === undefined) throw unknownSection(header, sections, options.file);
    if (section.keysByLabel !== undefined) {
      const keys = keysOfLabel(section, label.join(' '), options.file);
      instances.get(name)?.push(readInstance({ ...section, keys }, label.join(' '), texts, options, warnings));
      continue;
    }
    if (label.length > 0 && section.repeatable !== true) throw unknownSection(header, sections, options.file);
    instances.get(name)?.push(readInstance(section, label.join(' '), texts, options, warnings));
  }
  for (const section of sections) {
    const list = instances.get(section.name) ?? [];
    if (!list.some((instance) => instance.label === ''))
      list.push(readInstance(section, '', new Map(), options, warnings));
  }
  return new Config(options.file, instances, warnings);
}

/** Header → key → text. `ini` splits a header at dots into nested objects: they are put together again. */
function sectionsOf(text: string): Map<string, Texts> {
  const sections = new Map<string, Texts>();
  const walk = (header: string, value: Readonly<Record<string, unknown>>): void => {
    for (const [key, inner] of Object.entries(value)) {
      if (isTable(inner)) {
        walk(header === '' ? key : `${header}.${key}`, inner);
      } else {
        const texts = sections.get(header) ?? new Map<string, string>();
        texts.set(key, Array.isArray(inner) ? inner.join(',') : String(inner));
        sections.set(header, texts);
      }
    }
    if (header !== '' && !sections.has(header)) sections.set(header, new Map());
  };
  walk('', parse(text));
  return sections;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readInstance(
  section: Section,
  label: string,
  texts: Texts,
  options: ReadConfigOptions,
  warnings: string[],
): SectionInstance<Section> {
  const header = label === '' ? section.name : `${section.name} ${label}`;
  const given = new Set<string>();
  for (const key of texts.keys()) checkKnown(section, header, key, options.file, warnings);

  const settings = Object.entries(section.keys).map(([key, spec]) => {
    const text = textOf(section, label, key, spec, texts, options);
    if (text !== undefined) given.add(key);
    const value = readValue(spec, text ?? spec.default, `[${header}] ${key} in ${options.file}`);
    return [key, spec.type === 'path' ? filledIn(String(value), options) : value];
  });
  return { label, settings: Object.fromEntries(settings) as SettingsOf<Section>, given };
}

function textOf(
  section: Section,
  label: string,
  key: string,
  spec: KeySpec,
  texts: Texts,
  options: ReadConfigOptions,
): string | undefined {
  const fromEnvironment = options.env[environmentName(section.name, label, key)];
  if (fromEnvironment !== undefined) return fromEnvironment;
  const file =
    spec.type === 'secret' && !Object.hasOwn(section.keys, `${key}_file`) ? texts.get(`${key}_file`) : undefined;
  if (file !== undefined && file !== '') return readSecret(filledIn(file, options), key, options);
  const text = texts.get(key);
  // An empty value means "not set", as the original's template has it.
  return text === '' ? undefined : text;
}

/**
 * A path with the variables of the environment in it: systemd hands over credentials as `${CREDENTIALS_DIRECTORY}/NAME`.
 *
 * One that is not set stays as it is written: who needs the file says so, and in a shell few commands do.
 */
function filledIn(path: string, { env }: ReadConfigOptions): string {
  return path.replaceAll(/\$\{(\w+)\}/g, (variable, name: string) => env[name] ?? variable);
}

function readSecret(path: string, key: string, options: ReadConfigOptions): string {
  try {
    return options.readSecretFile(path).trimEnd();
  } catch (cause) {
    throw new ConfigError(
      'CONFIG_SECRET_FILE',
      `${key}_file names ${path}, which cannot be read: check that the file exists and that Spot's user may read it`,
      { cause },
    );
  }
}

/** `[SPARK_HISTORY prod] password` → `SPOT_SPARK_HISTORY_PROD_PASSWORD`. */
export function environmentName(section: string, label: string, key: string): string {
  const parts = [section.startsWith('SPOT_') ? section : `SPOT_${section}`, label, key].filter((part) => part !== '');
  return parts
    .join('_')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_');
}

function checkKnown(section: Section, header: string, key: string, file: string, warnings: string[]): void {
  if (Object.hasOwn(section.keys, key)) return;
  const secretKey = key.endsWith('_file') ? key.slice(0, -'_file'.length) : undefined;
  if (secretKey !== undefined && Object.hasOwn(section.keys, secretKey) && section.keys[secretKey]?.type === 'secret')
    return;
  if (section.ignored !== undefined && Object.hasOwn(section.ignored, key)) {
    warnings.push(`[${header}] ${key} has no effect: ${section.ignored[key] ?? ''}`);
    return;
  }
  const near = nearestWord(key, Object.keys(section.keys));
  const help = near === undefined ? `its keys are ${Object.keys(section.keys).join(', ')}` : `did you mean ${near}?`;
  throw new ConfigError('CONFIG_UNKNOWN_KEY', `Unknown key ${key} in section [${header}] of ${file}: ${help}`);
}

function keysOfLabel({ name, keysByLabel = {} }: Section, label: string, file: string): Section['keys'] {
  const keys = Object.hasOwn(keysByLabel, label) ? keysByLabel[label] : undefined;
  if (keys !== undefined) return keys;
  const labels = Object.keys(keysByLabel);
  const near = nearestWord(label, labels);
  const help = near === undefined ? `it is one of ${labels.join(', ')}` : `did you mean [${name} ${near}]?`;
  const what = label === '' ? `[${name}] needs a name` : `Unknown section [${name} ${label}]`;
  throw new ConfigError('CONFIG_UNKNOWN_SECTION', `${what} in ${file}: ${help}`);
}

function unknownSection(header: string, sections: readonly Section[], file: string): ConfigError {
  if (header === '') return new ConfigError('CONFIG_UNKNOWN_SECTION', `${file} has keys before the first [SECTION]`);
  const [name = ''] = header.split(' ');
  const names = sections.map((section) => section.name);
  const near = nearestWord(name, names);
  const once = names.includes(name) ? `[${name}] takes no name` : undefined;
  const help = once ?? (near === undefined ? `the sections are ${names.join(', ')}` : `did you mean [${near}]?`);
  return new ConfigError('CONFIG_UNKNOWN_SECTION', `Unknown section [${header}] in ${file}: ${help}`);
}

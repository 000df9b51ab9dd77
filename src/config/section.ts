import { ConfigError } from '../util/errors.ts';

/** How the text of a key is read. `secret` is a string that prints as `***`. */
export type KeyType = 'string' | 'secret' | 'path' | 'url' | 'integer' | 'number' | 'boolean' | 'list';

export interface KeySpec {
  readonly type: KeyType;
  /** What the number counts: `seconds`, `bytes`, … */
  readonly unit?: string;
  /** Text as it would stand in config.ini; an empty text means: not set. */
  readonly default: string;
  /** Why the key exists and what its choices cost, in full sentences. Shown in config.ini.template and the docs. */
  readonly about: string;
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** A section of config.ini: the typed table beside the code that reads it. */
export interface Section<K extends Readonly<Record<string, KeySpec>> = Readonly<Record<string, KeySpec>>> {
  readonly name: string;
  /** `[NAME]` and `[NAME something]` may both occur, one per instance. */
  readonly repeatable?: boolean;
  readonly about: string;
  readonly keys: K;
  /** Keys of `[NAME label]`, where each label has its own: then no other label is known, and none is an error. */
  readonly keysByLabel?: Readonly<Record<string, Readonly<Record<string, KeySpec>>>>;
  /** Keys of the original Spot that are read without an error and have no effect, each with the reason. */
  readonly ignored?: Readonly<Record<string, string>>;
}

export type ValueOf<S extends KeySpec> = S['type'] extends 'integer' | 'number'
  ? number
  : S['type'] extends 'boolean'
    ? boolean
    : S['type'] extends 'list'
      ? readonly string[]
      : string;

/** The values of a section: a key that is not set is its default; an unset text is the empty string. */
export type SettingsOf<S> = S extends Section<infer K> ? { readonly [P in keyof K]: ValueOf<K[P]> } : never;

/** Keeps the literal types of the table. */
export function defineSection<const K extends Readonly<Record<string, KeySpec>>>(section: Section<K>): Section<K> {
  return section;
}

const TRUE = ['true', 'yes', 'on', '1'];
const FALSE = ['false', 'no', 'off', '0'];

/**
 * Reads one value.
 *
 * @param where - `[SECTION] key`, for the message
 * @throws ConfigError `CONFIG_INVALID_VALUE`
 */
export function readValue(spec: KeySpec, text: string, where: string): string | number | boolean | readonly string[] {
  const refuse = (wanted: string): never => {
    const shown = spec.type === 'secret' ? '***' : JSON.stringify(text);
    throw new ConfigError('CONFIG_INVALID_VALUE', `${where} is ${shown}, but must be ${wanted}`);
  };
  if (spec.choices !== undefined && !spec.choices.includes(text)) return refuse(`one of ${spec.choices.join(', ')}`);

  switch (spec.type) {
    case 'integer':
    case 'number': {
      const value = Number(text);
      const kind = spec.type === 'integer' ? 'a whole number' : 'a number';
      const range = [
        spec.min === undefined ? '' : ` from ${spec.min}`,
        spec.max === undefined ? '' : ` up to ${spec.max}`,
      ].join('');
      const fits = spec.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
      if (text.trim() === '' || !fits || value < (spec.min ?? -Infinity) || value > (spec.max ?? Infinity)) {
        return refuse(`${kind}${range}${spec.unit === undefined ? '' : ` (${spec.unit})`}`);
      }
      return value;
    }
    case 'boolean': {
      const lower = text.toLowerCase();
      if (TRUE.includes(lower)) return true;
      return FALSE.includes(lower) ? false : refuse('true or false');
    }
    case 'url':
      return text === '' || URL.canParse(text) ? text : refuse('a URL such as http://host:18080/api/v1');
    case 'list':
      return text === '' ? [] : text.split(',').map((part) => part.trim());
    default:
      return text;
  }
}

/** The defaults of a section, for tests and for a source given on the command line. */
export function defaultsOf<S extends Section>(section: S): SettingsOf<S> {
  const entries = Object.entries(section.keys).map(([key, spec]) => [
    key,
    readValue(spec, spec.default, `[${section.name}] ${key}`),
  ]);
  return Object.fromEntries(entries) as SettingsOf<S>;
}

import type { Chance } from './chance.ts';

/** A value as JSON text that a reader may not expect in its place: other types, numbers no counter has, depth, length. */
export function oddJson(chance: Chance): string {
  const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);
  return chance.pick<() => string>([
    () => 'null',
    () => 'true',
    () => '-1',
    () => '0',
    () => '0.5',
    () => '-0',
    () => '1e308',
    () => '1e400',
    () => '-1e400',
    () => '9007199254740993',
    () => '9223372036854775807',
    () => '-9223372036854775808',
    () => '123456789012345678901234567890',
    () => String(chance.below(2 ** 31)),
    () => '""',
    () => '"x"',
    () => '"12"',
    () => '"1970-01-01T00:00:00.000GMT"',
    () => '"9999-99-99T99:99:99.999GMT"',
    () => '"\\u0000"',
    () => '"\\ud800"',
    () => '"\\u2028{\\"Event\\":1}"',
    () => '[]',
    () => '{}',
    () => '[null]',
    () => '[{}]',
    () => '[[1,2],["a","b","c"],[]]',
    () => '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}',
    () => '{"":1,"length":-1,"toString":null}',
    () => nested('[', ']', 1 + chance.below(300)),
    () => nested('{"a":[', ']}', 20_000),
    () => `"${'x'.repeat(1 + chance.below(100_000))}"`,
    () => `[${'0,'.repeat(chance.below(5000))}0]`,
    // No JSON at all.
    () => 'NaN',
    () => '01',
    () => '"open',
    () => '\u0000',
  ])();
}

/** Where a text has values that stand behind a key: numbers, texts, words, and what is empty. */
const VALUE = /(?<="\s?:\s?)(?:-?\d[\d.eE+-]*|"(?:[^"\\]|\\.)*"|true|false|null|\[\s?\]|\{\s?\})/g;
const KEY = /"(?:[^"\\]|\\.){1,60}"(?=\s?:)/g;

/** The text with one of its values replaced; the same when it has none. */
export function withOddValue(text: string, chance: Chance): string {
  return replaceOne(text, VALUE, () => oddJson(chance), chance);
}

/** The text with one of its keys called otherwise, or twice there. */
export function withOddKey(text: string, chance: Chance): string {
  const other = chance.pick(['"__proto__"', '"constructor"', '""', '"Event"', '"Stage ID"', '"id"', '"\\ud800"']);
  return replaceOne(text, KEY, () => other, chance);
}

/** The text with one key and its value gone. */
export function withoutKey(text: string, chance: Chance): string {
  return replaceOne(
    text,
    /"(?:[^"\\]|\\.){1,60}"\s?:\s?(?:-?\d+|"(?:[^"\\]|\\.)*"|true|false|null)\s*,/g,
    () => '',
    chance,
  );
}

/** Looks from a place that is drawn: a search through all of a long text for each change would take most of the time. */
function replaceOne(text: string, pattern: RegExp, by: () => string, chance: Chance): string {
  const from = chance.below(text.length);
  const search = new RegExp(pattern.source, 'g');
  search.lastIndex = from;
  const found = search.exec(text) ?? new RegExp(pattern.source, 'g').exec(text);
  if (found === null) return text;
  return text.slice(0, found.index) + by() + text.slice(found.index + found[0].length);
}

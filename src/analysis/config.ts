import { defineSection, type KeySpec } from '../config/section.ts';
import type { SectionInstance } from '../config/read-config.ts';
import { ConfigError } from '../util/errors.ts';
import type { Heuristic, Limit, Thresholds } from './heuristic.ts';
import { HEURISTICS } from './heuristics/index.ts';
import type { Scale } from './severity.ts';

/** `[HEURISTIC id]`: the thresholds of one heuristic, each key as its page in docs/heuristics has it. */
export const heuristicSection = defineSection({
  name: 'HEURISTIC',
  about:
    'From which value on a heuristic speaks, one section for each, named by its id: four numbers from low to critical, or a ' +
    'single limit. docs/heuristics has a page for each with its keys, units and defaults. Thresholds that are too low ' +
    'bring findings that nobody believes.',
  keys: {},
  keysByLabel: Object.fromEntries(HEURISTICS.map(({ id, thresholds }) => [id, keysOf(thresholds)])),
});

function keysOf(thresholds: Thresholds): Record<string, KeySpec> {
  return Object.fromEntries(
    Object.entries(thresholds).map(([key, threshold]): [string, KeySpec] => [
      key,
      isLimit(threshold)
        ? { type: 'number', unit: threshold.unit, default: String(threshold.value), about: 'A single limit.', min: 0 }
        : { type: 'list', unit: threshold.unit, default: textOf(threshold), about: 'From low to critical.' },
    ]),
  );
}

function isLimit(threshold: Scale | Limit): threshold is Limit {
  return 'value' in threshold;
}

function textOf({ low, moderate, severe, critical }: Scale): string {
  return [low, moderate, severe, critical].join(', ');
}

/**
 * The thresholds that a configuration sets, by heuristic and name; what it does not set is left out.
 *
 * @throws ConfigError `CONFIG_INVALID_VALUE` where a scale is not four numbers that all rise, or all fall where low is bad
 */
export function thresholdsOf(
  instances: readonly Pick<SectionInstance<typeof heuristicSection>, 'label' | 'settings' | 'given'>[],
  heuristics: readonly Heuristic[] = HEURISTICS,
): Readonly<Record<string, Thresholds>> {
  return Object.fromEntries(
    instances.map(({ label, settings, given }) => {
      const defaults = heuristics.find(({ id }) => id === label)?.thresholds ?? {};
      const values: Readonly<Record<string, unknown>> = settings;
      const set = Object.entries(defaults)
        .filter(([key]) => given.has(key))
        .map(([key, was]): [string, Scale | Limit] => [
          key,
          isLimit(was)
            ? { value: Number(values[key]), unit: was.unit }
            : scaleOf(values[key] as readonly string[], was, `[HEURISTIC ${label}] ${key}`),
        ]);
      return [label, Object.fromEntries(set)];
    }),
  );
}

function scaleOf(texts: readonly string[], was: Scale, where: string): Scale {
  const [low = NaN, moderate = NaN, severe = NaN, critical = NaN] = texts.map((text) =>
    text === '' ? NaN : Number(text),
  );
  const steps = [moderate - low, severe - moderate, critical - severe];
  const direction = was.critical < was.low ? -1 : 1;
  if (texts.length !== 4 || !steps.every((step) => step * direction >= 0)) {
    const wanted = direction < 0 ? 'falling' : 'rising';
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      `${where} is ${JSON.stringify(texts.join(', '))}, but must be four ${wanted} numbers from low to critical (${was.unit}), such as ${textOf(was)}`,
    );
  }
  return { low, moderate, severe, critical, unit: was.unit };
}

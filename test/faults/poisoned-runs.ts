import type { AttemptParts } from '../../src/sources/run-source.ts';
import type { PropertyList } from '../../src/spark/rest.ts';
import { recordedRun } from '../support/fake-history-server.ts';

/** What makes a run one that Elasticsearch refuses, or would with an open mapping. */
export interface Poison {
  readonly what: string;
  /** Parts of the run with this number, beside what every run has. */
  readonly properties?: (number: number) => PropertyList;
  readonly stage?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly name?: string;
  readonly id?: (id: string) => string;
}

/** The names that Elasticsearch takes for no field, wherever it reads names as fields. */
export const NO_FIELD_NAMES: Poison = {
  what: 'names that are no field names',
  properties: () => [
    ['', 'empty'],
    [' ', 'blank'],
    ['spark.', 'ends in a dot'],
  ],
  environment: { '': 'empty', '.': 'dot', 'a..b': 'dots', ' ': 'blank', '.a': 'starts with a dot' },
};

/** Of more bytes than `max_document_bytes` in the test. */
export const TOO_LARGE: Poison = {
  what: 'a document of more than max_document_bytes',
  properties: () => [['spark.huge', 'x'.repeat(1_100_000)]],
};

/** JSON has no such number; what an answer says as 1e400 is read as one. */
export const NO_NUMBER: Poison = {
  what: 'numbers that are infinite or none',
  stage: { outputBytes: Infinity, shuffleReadBytes: NaN },
};

/** Every kind of document that Elasticsearch 9.2 was seen to refuse with dynamic mappings, or to take a part of a bulk for. */
export const POISONS: readonly Poison[] = [
  NO_FIELD_NAMES,
  TOO_LARGE,
  NO_NUMBER,
  {
    what: 'more than 1,000 fields, other ones in each run',
    properties: (number) => Array.from({ length: 1200 }, (_, index) => [`spark.own.n${number}.f${index}`, `${index}`]),
  },
  {
    what: 'a name that is the start of another, in one run and across runs',
    properties: (number) => [
      ['spark.a', '1'],
      ['spark.a.b', '2'],
      ...(number % 2 === 0 ? [['spark.a.b.c', '3'] as const] : []),
    ],
    environment: { a: 1, 'a.b': 2, 'a.b.c': { d: 3 } },
  },
  {
    what: 'a value that is of another kind in each run: number, text, time, size',
    properties: (number) => [['spark.kind', ['1', 'abc', '2026-11-21', '10g'][number % 4] ?? '']],
    environment: { kind: { of: ['1', 'abc', '2026-11-21', '10g'] } },
  },
  {
    what: 'a name and values of more than 32,766 bytes',
    name: 'n'.repeat(40_000),
    properties: () => [
      ['spark.long', 'ü'.repeat(20_000)],
      ['k'.repeat(40_000), 'v'],
    ],
  },
  {
    what: 'numbers beyond 64 bits, and beyond 53 bits',
    stage: { inputBytes: 2n ** 63n, outputBytes: 2n ** 80n, shuffleReadBytes: 2n ** 53n + 1n },
    properties: () => [
      ['spark.driver.cores', '1e400'],
      ['spark.executor.memory', `${2n ** 70n}`],
    ],
  },
  {
    what: 'text where a number or a switch belongs',
    properties: () => [
      ['spark.executor.memory', 'plenty'],
      ['spark.dynamicAllocation.enabled', 'perhaps'],
    ],
  },
  {
    what: 'an object and a text where a number belongs',
    stage: { inputBytes: 'many', outputBytes: { nested: true }, numTasks: [1, 2] },
  },
  {
    what: '__proto__, NUL and lone surrogates',
    name: 'nul \0 and half \ud83d',
    properties: () => [
      ['__proto__', 'x'],
      ['nul\0', 'v\0'],
      ['\ud800', '\udfff'],
    ],
    environment: { 'nul\0': ['\0'], constructor: { prototype: 1 } },
  },
  { what: 'an id of more than 512 bytes', id: (id) => `${id}-${'i'.repeat(600)}` },
  {
    what: 'lines of a bulk in a name, and every kind of line break',
    name: '\n{"delete":{"_index":"other","_id":"1"}}\n\r\n\u2028\u2029\u0085',
    properties: () => [['spark.line\nbreak', '"}}\n{"index":{}}\n{']],
  },
];

/** The kind of a run by its number: each kind has one in a hundred. */
export function poisonOf(number: number): Poison | undefined {
  const position = number % 100;
  return position % 8 === 3 ? POISONS[(position - 3) / 8] : undefined;
}

/** A recorded run with the poison in it. */
export function poisonedParts(number: number, poison: Poison | undefined): AttemptParts {
  const { properties, stage, environment } = poison ?? {};
  const own: PropertyList = [
    ...BASE.environment.sparkProperties,
    ['spark.number', String(number)],
    ...(properties?.(number) ?? []),
  ];
  return {
    allexecutors: BASE.allexecutors,
    stages: BASE.stages.map((other) => ({ ...other, ...stage })),
    environment: { ...BASE.environment, ...environment, sparkProperties: own },
  };
}

const BASE = recordedParts();

function recordedParts(): AttemptParts {
  const { allexecutors, stages, environment } = recordedRun('smoke-wordcount').answers;
  return {
    allexecutors: JSON.parse(allexecutors) as AttemptParts['allexecutors'],
    stages: JSON.parse(stages) as AttemptParts['stages'],
    environment: JSON.parse(environment) as AttemptParts['environment'],
  };
}

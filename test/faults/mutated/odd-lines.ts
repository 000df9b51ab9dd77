import type { Chance } from './chance.ts';
import { oddJson, withoutKey, withOddKey, withOddValue } from './odd-json.ts';

/** Changes the lines of a log, or what is in one of them. */
type LineMutation = (lines: string[], chance: Chance, other: readonly string[]) => void;

const EVENTS = [
  'SparkListenerTaskEnd',
  'SparkListenerTaskStart',
  'SparkListenerStageCompleted',
  'SparkListenerStageSubmitted',
  'SparkListenerJobStart',
  'SparkListenerJobEnd',
  'SparkListenerApplicationStart',
  'SparkListenerApplicationEnd',
  'SparkListenerExecutorAdded',
  'SparkListenerExecutorRemoved',
  'SparkListenerEnvironmentUpdate',
  'SparkListenerResourceProfileAdded',
  'SparkListenerBlockUpdated',
  'SparkListenerUnpersistRDD',
  'SparkListenerStageExecutorMetrics',
  'org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart',
  'org.apache.spark.sql.execution.ui.SparkListenerSQLAdaptiveExecutionUpdate',
  'org.apache.spark.sql.execution.ui.SparkListenerDriverAccumUpdates',
  'org.apache.spark.scheduler.SparkListenerExecutorExcluded',
  'toString',
  '__proto__',
] as const;

const GARBAGE = [
  '',
  ' ',
  '\0'.repeat(512),
  '[]',
  'null',
  '"text"',
  '{',
  '}',
  '{}',
  '{"Event":7}',
  '{"Event":"SparkListenerTaskEnd"}',
  '{"Event":"SparkListenerApplicationStart"}',
  '{"Event":"SparkListenerApplicationEnd","Timestamp":1e99}',
  '<html><body>502 Bad Gateway</body></html>',
  '\u001b[2J\u202eevil',
  '\ufeff{"Event":"SparkListenerLogStart","Spark Version":"9.9"}',
] as const;

function changeLine(change: (line: string, chance: Chance) => string): LineMutation {
  return (lines, chance) => {
    const at = chance.below(lines.length);
    lines[at] = change(lines[at] ?? '', chance);
  };
}

const MUTATIONS: readonly [LineMutation, ...LineMutation[]] = [
  // Deleted, twice there, elsewhere, in another order.
  (lines, chance) => void lines.splice(chance.below(lines.length), 1),
  (lines, chance) => void lines.splice(chance.below(lines.length), 1 + chance.below(lines.length / 2)),
  (lines, chance) => void lines.splice(chance.below(lines.length), 0, lines[chance.below(lines.length)] ?? ''),
  (lines, chance) => {
    const [line = ''] = lines.splice(chance.below(lines.length), 1);
    lines.splice(chance.below(lines.length), 0, line);
  },
  (lines) => void lines.reverse(),
  (lines, chance) => void lines.push(...lines.splice(0, chance.below(lines.length))),
  // Of another run; a second start, a second end.
  (lines, chance, other) => {
    const from = chance.below(other.length);
    lines.splice(chance.below(lines.length), 0, ...other.slice(from, from + 1 + chance.below(10)));
  },
  // Cut, glued to the next one, broken in two.
  changeLine((line, chance) => line.slice(0, chance.below(line.length))),
  (lines, chance) => {
    const at = chance.below(lines.length - 1);
    lines.splice(at, 2, `${lines[at] ?? ''}${lines[at + 1] ?? ''}`);
  },
  changeLine((line, chance) => {
    const at = chance.below(line.length);
    return `${line.slice(0, at)}\n${line.slice(at)}`;
  }),
  // No event.
  (lines, chance) => void lines.splice(chance.below(lines.length), 0, chance.pick(GARBAGE)),
  (lines, chance) => void lines.splice(chance.below(lines.length), 0, oddJson(chance)),
  (lines, chance) => {
    lines.splice(
      chance.below(lines.length),
      0,
      `{"Event":"${chance.pick(EVENTS)}","Deep":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    );
  },
  // Another event, other values, other keys; several times as likely as the rest, for there are many of them.
  changeLine((line, chance) => line.replace(/"Event":"[^"]*"/, `"Event":"${chance.pick(EVENTS)}"`)),
  ...Array.from({ length: 6 }, () => changeLine(withOddValue)),
  ...Array.from({ length: 2 }, () => changeLine(withOddKey)),
  ...Array.from({ length: 2 }, () => changeLine(withoutKey)),
  changeLine(
    (line, chance) =>
      `{"${chance.pick(['__proto__', 'constructor', 'Event', 'x'])}":${oddJson(chance)},${line.slice(1)}`,
  ),
];

const MOST = 15;

/** @param other - lines of another log, to be mixed in */
export function mutatedLines(lines: readonly string[], other: readonly string[], chance: Chance): readonly string[] {
  const changed = [...lines];
  for (let left = 1 + chance.below(MOST); left > 0; left--) chance.pick(MUTATIONS)(changed, chance, other);
  return changed;
}

const SHORT = 5000;

/** The same events for a reader of JSON: what it does not know, empty lines, other newlines, other blanks, another order of keys. */
const HARMLESS: readonly [LineMutation, ...LineMutation[]] = [
  changeLine((line, chance) =>
    line.replace(/\}$/, () => `,"Not Known":${chance.pick(['null', '{"Task ID":[1,2]}', '"}{"'])}}`),
  ),
  (lines, chance) => {
    lines.splice(
      chance.below(lines.length),
      0,
      `{"Event":"com.example.Listener${chance.below(9)}","Stage ID":0,"Task Info":{"Task ID":1}}`,
    );
  },
  (lines, chance) => void lines.splice(chance.below(lines.length), 0, ''),
  changeLine((line) => (line === '' ? line : ` ${line} \r`)),
  changeLine((line) => (line === '' || line.length > SHORT || /\d{16}/.test(line) ? line : turnedAround(line))),
];

export function harmlesslyChangedLines(lines: readonly string[], chance: Chance): readonly string[] {
  const changed = [...lines];
  for (let left = chance.below(MOST); left > 0; left--) chance.pick(HARMLESS)(changed, chance, []);
  return changed;
}

/** Without long numbers, which would be rounded on the way. */
function turnedAround(line: string): string {
  return JSON.stringify(reversed(JSON.parse(line)), undefined, 1).replaceAll(/\n\s*/g, ' ');
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

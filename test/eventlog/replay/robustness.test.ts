import { expect } from 'chai';
import fc from 'fast-check';
import type { ReplayedRun } from '../../../src/eventlog/replay/replay.ts';
import { LogReplay } from '../../../src/eventlog/replay/replay.ts';
import { parseJson, stringifyJson } from '../../../src/util/lossless-json.ts';
import { logOf, pushLines, readFixture, readJsonFixture, replayLog } from './support.ts';

const NAMES = (readJsonFixture('corpus/index.json') as readonly { readonly name: string }[]).map(({ name }) => name);
const SMALL = '4.0.1-retries';

function linesOf(name: string): string[] {
  return readFixture(`corpus/${name}.log.br`).toString().trimEnd().split('\n');
}

function replayLines(lines: readonly string[]): ReplayedRun {
  return replayLog(Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

/** The same event as another writer might put it: keys from the last to the first, and blanks wherever they may be. */
function rewritten(line: string): string {
  return stringifyJson(reversed(parseJson(line)), 1).replaceAll(/\n\s*/g, ' ');
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

describe('eventlog/replay: JSON is JSON', () => {
  for (const name of NAMES.filter((one) => !one.includes('rolled'))) {
    it(`tells ${name} the same when its keys are turned around and blanks are put in`, () => {
      const lines = linesOf(name);

      const run = replayLines(lines.map(rewritten));

      expect(run).to.deep.equal(replayLines(lines));
    });
  }

  it('does not mind events and fields it does not know', () => {
    const lines = linesOf(SMALL);
    const strange = '{"Event":"com.example.Listener$Strange","Task Info":{"Task ID":1},"list":[1,[2,{"a":null}]]}';
    const more = lines.map((line) => line.replace(/\}$/, ',"New In 5.0":{"Task ID":[1,2,"x"],"y":null}}'));

    const run = replayLines(more.flatMap((line) => [line, strange]));

    const { quality, ...detail } = replayLines(lines).detail;
    expect(run.stages).to.deep.equal(replayLines(lines).stages);
    expect(run.detail).to.deep.equal({ ...detail, quality: { ...quality, events: 2 * quality.events } });
  });
});

describe('eventlog/replay: lines that are no event', () => {
  const start = { Event: 'SparkListenerApplicationStart', 'App Name': 'n', 'App ID': 'app-1', Timestamp: 1, User: 'u' };

  it('skips, counts and reports each, and the rest of the log is not affected', () => {
    const lines = linesOf(SMALL);
    const taskEnd = lines.find((line) => line.includes('SparkListenerTaskEnd')) ?? '';
    const damaged = [
      taskEnd.slice(0, 400),
      '\0'.repeat(512),
      '[]',
      '"text"',
      'null',
      '{}',
      '{"Event":7}',
      '{"Event":"SparkListenerTaskEnd","Stage ID":-1,"Task Info":{}}',
      taskEnd.replace('"Stage ID":0', '"Stage ID":0.5e1000'),
      `${taskEnd}${taskEnd}`,
      '{"Event":"SparkListenerExecutorAdded","Timestamp":"today","Executor ID":"1"}',
    ];

    const run = replayLines([...damaged, ...lines]);

    const { quality } = run.detail;
    expect(quality.skippedLines).to.equal(damaged.length);
    expect(quality.skippedExamples).to.have.length(10);
    expect(quality.skippedExamples[0]).to.match(/^line:1 /);
    expect(quality.events).to.equal(lines.length);
    expect({ ...run, detail: undefined }).to.deep.equal({ ...replayLines(lines), detail: undefined });
  });

  it('names the place it is told, and what a reader reports beside', () => {
    const replay = new LogReplay({ place: () => ({ file: 'events_2_app-1', line: 41 }) });

    pushLines(replay, Buffer.from('{"Event":\n'));
    replay.skip({ file: 'events_3_app-1', line: 7 }, 'the line is too long');

    const { skippedExamples } = replay.finish().detail.quality;
    expect(skippedExamples[0]).to.match(/^events_2_app-1:41 /);
    expect(skippedExamples[1]).to.equal('events_3_app-1:7 the line is too long');
  });

  it('refuses a plan of 100,000 levels, reads past other depths, and overflows no stack', () => {
    const depth = 100_000;
    const node = '{"nodeName":"n","simpleString":"s","metrics":[],"children":[';
    const plan = node.repeat(depth) + ']}'.repeat(depth);
    const execution = `{"Event":"org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart","executionId":0,"time":1,"sparkPlanInfo":${plan}}`;
    const nested = `{"Event":"com.example.Deep","deep":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const long = `{"Event":"com.example.Deep","number":12345678901234567890,"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`;

    const run = replayLines([JSON.stringify(start), execution, nested, long]);

    expect(run.application?.id).to.equal('app-1');
    expect(run.sql).to.deep.equal([]);
    expect(run.detail.quality.skippedExamples.join('\n')).to.include('the plan is more than 500 nodes deep');
  });

  it('keeps __proto__ and constructor as keys like any other', () => {
    const environment =
      '{"Event":"SparkListenerEnvironmentUpdate","JVM Information":{},"Spark Properties":{"__proto__":"polluted","constructor":"c"},"System Properties":{},"Classpath Entries":{}}';
    const job =
      '{"Event":"SparkListenerJobStart","Job ID":1,"Stage IDs":[],"Stage Infos":[],"Properties":{"__proto__":{"spark.job.description":"polluted"}}}';

    const run = replayLines([JSON.stringify(start), environment, job]);

    expect(run.environment?.sparkProperties).to.deep.equal([
      ['__proto__', 'polluted'],
      ['constructor', 'c'],
    ]);
    expect(run.jobs[0]).to.not.have.property('description');
    expect(({} as Record<string, unknown>)['spark.job.description']).to.equal(undefined);
  });
});

describe('eventlog/replay: numbers beyond 2^53', () => {
  // Found by test/faults/mutated-inputs.test.ts: as Infinity one such number took the whole run with it.
  it('cost the line alone that has one beyond all longs, such as 1e999', () => {
    const lines = linesOf(SMALL);
    const taskEnd = lines.findIndex((line) => line.includes('TaskEnd') && line.includes('"Reason":"Success"'));
    const odd = lines.with(taskEnd, lines[taskEnd]!.replace(/"Result Size":\d+/, '"Result Size":1e999'));

    const run = replayLines(odd);

    const { quality } = run.detail;
    expect(quality.skippedLines).to.equal(1);
    expect(quality.skippedExamples).to.deep.equal([`line:${taskEnd + 1} "Result Size" is no number`]);
    expect(quality.events).to.equal(lines.length - 1);
  });

  it('are summed exactly: 2^60 + 1 bytes and 3 of 4 × 10^15 nanoseconds', () => {
    const lines = linesOf(SMALL);
    const first = lines.findIndex(
      (line) => line.includes('SparkListenerTaskEnd') && line.includes('"Reason":"Success"'),
    );
    const other = lines.findIndex(
      (line, i) => i > first && line.includes('TaskEnd","Stage ID":0,') && line.includes('"Reason":"Success"'),
    );
    const changed = lines.with(first, changedMetric(lines[first]!, String(2n ** 60n + 1n), '4000000000000000'));
    changed[other] = changedMetric(changed[other]!, '2', '8000000000000000');

    const stage = replayLines(changed).stages.find(({ stageId, attemptId }) => stageId === 0 && attemptId === 0)!;

    const before = replayLines(lines).stages.find(({ stageId, attemptId }) => stageId === 0 && attemptId === 0)!;
    const cpuOf = (line: string): number => Number(/"Executor CPU Time":(\d+)/.exec(line)![1]);
    const resultOf = (line: string): number => Number(/"Result Size":(\d+)/.exec(line)![1]);
    expect(stage['resultSize']).to.equal(
      BigInt(before['resultSize'] as number) -
        BigInt(resultOf(lines[first]!) + resultOf(lines[other]!)) +
        2n ** 60n +
        3n,
    );
    expect(stage.executorCpuTime).to.equal(
      BigInt(before.executorCpuTime) - BigInt(cpuOf(lines[first]!) + cpuOf(lines[other]!)) + 12_000_000_000_000_000n,
    );
  });
});

function changedMetric(line: string, resultSize: string, cpuTime: string): string {
  return line
    .replace(/"Result Size":\d+/, `"Result Size":${resultSize}`)
    .replace(/"Executor CPU Time":\d+/, `"Executor CPU Time":${cpuTime}`);
}

describe('eventlog/replay: a log that still grows', () => {
  it('may be asked between any two lines, and tells in the end what it tells when it is asked once', () => {
    const lines = linesOf(SMALL);
    const replay = new LogReplay();

    for (const line of lines) {
      pushLines(replay, Buffer.from(line));
      replay.finish();
    }

    expect(replay.finish()).to.deep.equal(replayLines(lines));
  });
});

describe('eventlog/replay: whatever happens to a line', () => {
  // Of the failures of one log, and of the SQL metrics of the other.
  const lines = [...linesOf(SMALL), ...linesOf('3.5.7-driver-heavy')].filter((line) => line.length < 20_000);

  /** A blank in front keeps the scanner from taking the line: the parser decides. */
  const parsed = (line: string): string => (line.startsWith('{"Event":"SparkListenerTask') ? ` ${line}` : line);

  /** The parser counts columns, and says what it found there: a blank in front moves them. */
  const withoutReasons = ({ detail: { quality, ...detail }, ...run }: ReplayedRun): unknown => ({
    ...run,
    detail,
    quality: { ...quality, skippedExamples: quality.skippedExamples.map((example) => example.split(' ', 1)) },
  });

  it('means the same to the scanner of bytes as to the parser', () => {
    const taskLines = lines.flatMap((line, i) => (line.startsWith('{"Event":"SparkListenerTask') ? [i] : []));
    const characters = fc.constantFrom(
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '-',
      '9',
      'e',
      '.',
      ' ',
      'é',
      '\0',
      'x',
    );

    fc.assert(
      fc.property(
        fc.constantFrom(...taskLines),
        fc.nat(),
        fc.nat({ max: 3 }),
        fc.string({ unit: characters, maxLength: 3 }),
        (place, seed, cut, put) => {
          const line = lines[place] ?? '';
          const at = seed % line.length;
          const changed = lines.with(place, line.slice(0, at) + put + line.slice(at + cut));

          const scanned = replayLines(changed);

          expect(withoutReasons(scanned)).to.deep.equal(withoutReasons(replayLines(changed.map(parsed))));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is survived: lines cut, doubled, dropped, shuffled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.nat()), { minLength: 1, maxLength: 20 }),
        (changes) => {
          const changed = [...lines];
          for (const [seed, kind, other] of changes) {
            const at = seed % changed.length;
            if (kind === 0) changed.splice(at, 1);
            else if (kind === 1) changed.splice(other % changed.length, 0, changed[at] ?? '');
            else if (kind === 2) changed[at] = (changed[at] ?? '').slice(0, other % 2000);
            else changed.push(...changed.splice(at, 1));
          }

          const run = replayLines(changed.filter((line) => line !== ''));

          expect(run.detail.quality.events + run.detail.quality.skippedLines).to.equal(
            changed.filter((line) => line !== '').length,
          );
          expect(() => JSON.stringify(run)).to.not.throw();
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('eventlog/replay: what the log cannot be trusted for', () => {
  it('counts tasks whose end was dropped, in stages that completed', () => {
    const lines = linesOf('4.0.1-etl');
    const ends = lines.filter((line) => line.startsWith('{"Event":"SparkListenerTaskEnd"')).slice(0, 5);

    const { quality, stages } = replayLines(lines.filter((line) => !ends.includes(line))).detail;

    expect(quality.lostTaskEnds).to.equal(5);
    expect(stages.reduce((sum, { launchedTasks, succeededTasks }) => sum + launchedTasks - succeededTasks, 0)).to.equal(
      5,
    );
  });

  it('counts what ends before it begins', () => {
    const lines = linesOf('4.0.1-etl').map((line) =>
      line.startsWith('{"Event":"SparkListenerApplicationEnd"')
        ? line.replace(/"Timestamp":\d+/, '"Timestamp":5')
        : line,
    );

    const run = replayLines(lines);

    expect(run.detail.quality.negativeTimes).to.equal(1);
    expect(run.application?.attempts[0]?.duration).to.be.below(0);
  });

  it('has no application for a log that does not name it', () => {
    const run = replayLog(logOf([{ Event: 'SparkListenerLogStart', 'Spark Version': '4.0.1' }]));

    expect(run.application).to.equal(undefined);
    expect(run.detail.quality).to.deep.include({ events: 1, skippedLines: 0, hasEnd: false });
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { learnAndKeep } from '../../src/app/application-models.ts';
import { Output } from '../../src/cli/output.ts';
import { createProgram } from '../../src/cli/program.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { CATALOGUE, type PropertyKind } from '../../src/setter/catalogue.ts';
import { FRAGMENTS } from '../../src/setter/fragments/index.ts';
import { shellWord } from '../../src/setter/fragments/shell-word.ts';
import { PRIORITIES } from '../../src/setter/question.ts';
import type { Suggestion } from '../../src/setter/suggestion.ts';
import { PLATFORM_NAMES, type PlatformName } from '../../src/spark/platform.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { inSoak } from '../faults/scale.ts';
import { testSeed } from '../faults/test-seed.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { RealSubmit, type Reading, type SubmitAnswer } from './real-submit.ts';
import { lawRuns, saveLawRuns } from './stored-history.ts';

/** Where a line for a platform would be sent; nothing of it is reached. */
const MASTERS: Readonly<Record<PlatformName, string>> = {
  yarn: 'yarn',
  emr: 'yarn',
  dataproc: 'yarn',
  kubernetes: 'k8s://https://127.0.0.1:6443',
  standalone: 'spark://127.0.0.1:7077',
  databricks: 'local[*]',
};
/** What a shell must not take for its own. */
const HOSTILE_TAG = `it's "a" $(touch pwned) \`id\` ; rm -rf * & ~ # \\ !x\n-e \u{1F600}`;
const TAGS = ['etl', HOSTILE_TAG, 'never run'] as const;

const texts = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      "it's",
      '$(touch pwned)',
      '`id`',
      'a\nb',
      '"',
      '\\',
      '',
      '*',
      '~',
      '!',
      '#',
      '--conf',
      'ü €',
      ';&|<>',
    ),
  )
  .filter((text) => !text.includes('\0') && text.isWellFormed());

/** What a person asks `spot suggest`, as options of its command line. */
const questions = fc
  .record({
    tag: fc.constantFrom(...TAGS),
    platform: fc.constantFrom(...PLATFORM_NAMES),
    gib: fc.double({ min: 0.01, max: 100_000, noNaN: true }),
    priority: fc.constantFrom(...PRIORITIES),
    node: fc.option(fc.record({ cores: fc.integer({ min: 2, max: 128 }), gib: fc.integer({ min: 8, max: 1024 }) })),
    maxExecutors: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ tag, platform, gib, priority, node, maxExecutors }) => ({
    platform,
    options: [
      ...['--tag', tag, '--platform', platform, '--input-size', `${Math.ceil(gib * 1024)}m`, '--priority', priority],
      ...['--max-executors', String(maxExecutors)],
      ...(node === null ? [] : ['--node-cores', String(node.cores), '--node-memory', `${node.gib}g`]),
    ],
  }));

const VALUES: Readonly<Record<PropertyKind, fc.Arbitrary<string>>> = {
  size: fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom('k', 'm', 'g', 'kb', 'mb')).map(joined),
  time: fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom('ms', 's', 'min', 'h')).map(joined),
  count: fc.integer({ min: 1, max: 1_000_000 }).map(String),
  ratio: fc.integer({ min: 1, max: 999 }).map((thousandths) => String(thousandths / 1000)),
  boolean: fc.boolean().map(String),
  'jvm-options': fc.constantFrom(
    '-XX:+UseG1GC',
    '-XX:+UseG1GC -XX:+HeapDumpOnOutOfMemoryError',
    '-XX:+HeapDumpOnOutOfMemoryError -XX:+UseG1GC',
  ),
};
/** Any properties that a suggestion may hold. */
const anyProperties = fc
  .tuple(
    ...Object.entries(CATALOGUE).map(([key, { kind }]) =>
      fc.option(VALUES[kind].map((value) => [key, value] as const)),
    ),
  )
  .map((pairs) => Object.fromEntries(pairs.filter((pair) => pair !== null)));

interface Line {
  readonly text: string;
  readonly platform: PlatformName;
  readonly expected: Readonly<Record<string, string>>;
  readonly name: string;
  readonly appArguments: readonly string[];
}

describeWithService('SPOT_TEST_SPARK_HOME', 'setter: every line of spark-submit', (sparkHome) => {
  let folder: string;
  let submit: RealSubmit;
  let store: string;
  before(async function () {
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), 'spot-lines-'));
    submit = await RealSubmit.prepare(folder, sparkHome);
    store = join(folder, 'spot.sqlite');
    await using open = await SqliteStore.open({ path: store, access: 'write' }, silentLogger);
    const runs = lawRuns(24);
    await saveLawRuns(open, runs);
    await saveLawRuns(
      open,
      runs.map((run) => ({
        ...run,
        application: HOSTILE_TAG,
        run: `hostile-${run.run}`,
        sparkVersion: '2.4.8',
        // As a document has it: true, not a text.
        parameters: { spark_dynamicAllocation_enabled: true as unknown as string },
      })),
    );
    for (const tag of ['etl', HOSTILE_TAG]) await learnAndKeep(open, tag, new Date(0));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** What `spot suggest` prints. */
  async function printed(options: readonly string[], format: string): Promise<string> {
    let text = '';
    const keep = new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        text += chunk;
        done();
      },
    });
    const ignore = new Writable({
      write(_chunk, _encoding, done) {
        done();
      },
    });
    const output = new Output(keep, ignore);
    const program = createProgram({ output, signal: new AbortController().signal, exit: () => undefined });
    const all = ['suggest', ...options, '--format', format, '--store', `sqlite:${store}`];
    await program.parseAsync(all, { from: 'user' });
    return text.trimEnd();
  }

  /** The line that is printed for a question, and what the same question answers in JSON; `undefined` when nothing qualifies. */
  async function lineFor(
    { platform, options }: { platform: PlatformName; options: readonly string[] },
    words: Pick<Line, 'name' | 'appArguments'>,
  ): Promise<(Line & { readonly suggestion: Suggestion }) | undefined> {
    const suggestion = JSON.parse(await printed(options, 'json')) as Suggestion;
    if (suggestion.num_executors === null) return undefined;
    const { properties } = suggestion;
    const expected = Object.fromEntries(
      Object.entries(properties).filter(([key]) => CATALOGUE[key]?.notOn?.includes(platform) !== true),
    );
    return { text: await printed(options, 'spark-submit'), platform, expected, suggestion, ...words };
  }

  /** As a person goes on with the line: its name, the program and the program's arguments. */
  function whole({ text, platform, name, appArguments }: Line, app: string): string {
    return [
      text,
      '--master',
      shellWord(MASTERS[platform]),
      '--name',
      shellWord(name),
      app,
      ...appArguments.map(shellWord),
    ].join(' ');
  }

  async function answersTo(lines: readonly Line[]): Promise<readonly SubmitAnswer[]> {
    const asked = lines.map((line) => ({
      args: submit.wordsOf(whole(line, submit.echo)),
      // Spark wants to be told where YARN is; it does not look there before it submits.
      env: { HADOOP_CONF_DIR: folder },
      read: Object.fromEntries(Object.keys(line.expected).map((key) => [key, readingOf(key)])),
    }));
    return submit.ask(asked);
  }

  function expectArrived(line: Line, answer: SubmitAnswer | undefined): SubmitAnswer {
    if (answer === undefined || answer.error !== undefined)
      throw new Error(`Spark refuses ${line.text}: ${answer?.error ?? 'no answer'}`);
    expect(answer.given, line.text).to.deep.equal(line.expected);
    expect(answer.prepared, line.text).to.include(line.expected);
    expect(answer.app).to.equal(`file:${submit.echo}`);
    expect(answer.name).to.equal(line.name);
    expect(answer.appArguments).to.deep.equal(line.appArguments);
    return answer;
  }

  const suggestions = inSoak(1000, 40);
  it(`of ${suggestions} suggestions gives Spark each value that their JSON has, and Spark reads it as that number`, async function () {
    this.timeout(inSoak(1_200_000, 60_000));
    const drawn = fc.sample(fc.tuple(questions, texts.filter(isName), fc.array(texts, { maxLength: 4 })), {
      numRuns: suggestions,
      seed: testSeed('lines'),
    });
    const lines = [];
    for (const [question, name, appArguments] of drawn)
      lines.push((await lineFor(question, { name, appArguments })) ?? []);
    const qualified = lines.flat();
    const answers = await answersTo(qualified);

    // Few executors and small nodes leave some questions without an answer, not most of them.
    expect(qualified.length).to.be.above(suggestions / 2);
    qualified.forEach((line, i) => {
      const { read } = expectArrived(line, answers[i]);
      const { suggestion } = line;
      const told: Readonly<Record<string, unknown>> = {
        'spark.executor.cores': suggestion.executor_cores,
        'spark.executor.memory': (suggestion.executor_memory_mb ?? 0) * 2 ** 20,
        'spark.driver.cores': suggestion.driver_cores,
        'spark.driver.memory': (suggestion.driver_memory_mb ?? 0) * 2 ** 20,
        'spark.sql.shuffle.partitions': suggestion.shuffle_partitions,
        'spark.dynamicAllocation.enabled': suggestion.dynamic_allocation,
        'spark.dynamicAllocation.maxExecutors': suggestion.num_executors,
        'spark.dynamicAllocation.shuffleTracking.enabled': true,
        'spark.shuffle.service.enabled': true,
        'spark.executor.instances': suggestion.num_executors,
        'spark.cores.max': (suggestion.num_executors ?? 0) * (suggestion.executor_cores ?? 0),
      };
      for (const [key, value] of Object.entries(read)) expect(value, `${key} in ${line.text}`).to.equal(told[key]);
    });
  });

  const drawnSets = inSoak(5000, 100);
  it(`of ${drawnSets} sets of properties from the whole catalogue gives Spark each value`, async function () {
    this.timeout(inSoak(1_200_000, 60_000));
    const drawn = fc.sample(
      fc.tuple(
        anyProperties,
        fc.constantFrom(...PLATFORM_NAMES),
        texts.filter(isName),
        fc.array(texts, { maxLength: 4 }),
      ),
      { numRuns: drawnSets, seed: testSeed('properties') },
    );
    const lines = drawn.map(([properties, platform, name, appArguments]): Line => {
      const { text, leftOut } = FRAGMENTS.get('spark-submit')!({ properties, platform, sparkVersion: '4.0.1' });
      const expected = Object.fromEntries(Object.entries(properties).filter(([key]) => !leftOut.includes(key)));
      return { text, platform, expected, name, appArguments };
    });
    const answers = await answersTo(lines);

    lines.forEach((line, i) => expectArrived(line, answers[i]));
  });

  const started = inSoak(40, 2);
  it(`started as it is, nothing replaced, ${started} times: the program finds each value`, async function () {
    this.timeout(inSoak(1_200_000, 60_000));
    // Spark's own script drops carriage returns (bin/spark-class), and an empty first word of a local run.
    const words = texts.map((text) => text.replaceAll('\r', '')).filter(isName);
    const drawn = fc.sample(fc.tuple(questions, words, fc.array(words, { maxLength: 4 })), {
      numRuns: 4 * started,
      seed: testSeed('started lines'),
    });
    let done = 0;
    for (const [question, name, appArguments] of drawn) {
      // The driver of this machine cannot have what a driver of a cluster may.
      const line = done === started ? undefined : await lineFor(question, { name, appArguments });
      if (line === undefined || (line.suggestion.driver_memory_mb ?? Infinity) > 4096) continue;
      const local = whole({ ...line, platform: 'databricks' }, submit.echo);
      const { conf, arguments: got } = await submit.told(local);

      expect(conf, local).to.include({ ...line.expected, 'spark.app.name': name });
      expect(got, local).to.deep.equal(appArguments);
      done += 1;
    }
    expect(done).to.equal(started);
  });
});

function joined([count, unit]: readonly [number, string]): string {
  return `${count}${unit}`;
}

/** Spark takes the name of the program for an empty one. */
function isName(text: string): boolean {
  return text.trim() !== '' && !text.startsWith('-');
}

function readingOf(key: string): Reading {
  const kind = CATALOGUE[key]?.kind;
  return kind === undefined || kind === 'jvm-options' ? 'text' : kind;
}

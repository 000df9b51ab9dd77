import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { CommanderError, type Command } from 'commander';
import { HealthServer } from '../../src/api/health/health-server.ts';
import { HistoryServer } from '../../src/api/history/history-server.ts';
import { SECTIONS } from '../../src/app/settings.ts';
import { Output } from '../../src/cli/output.ts';
import { createProgram } from '../../src/cli/program.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import type { AttemptParts } from '../../src/sources/run-source.ts';
import type { CheckedApplications } from '../../src/sources/history-server/schema.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { ConfigError, SpotError } from '../../src/util/errors.ts';
import { stringifyJson } from '../../src/util/lossless-json.ts';
import { logOf, replayLog } from '../eventlog/replay/support.ts';
import { ANSWERS, DOCUMENT_BASES, mapped, type DocumentBase } from '../faults/mutated/document-cases.ts';
import { documentsOf } from '../faults/mutated/documents-of.ts';
import { readAnswer } from '../faults/mutated/judge-document.ts';
import { LOG_BASES } from '../faults/mutated/log-bases.ts';
import { sampleRun } from '../store/sample-runs.ts';

const NAMES = ['__proto__', 'constructor', 'prototype'] as const;
/** Known to nobody: whatever becomes of it must become of them. */
const PLAIN = 'plain_key';
const VALUES = [7, 'polluted', { polluted: 'yes', more: { polluted: 'yes' } }] as const;
/** The whole prototype: what is on it, and where that leads. */
const PRISTINE = fingerprintOfPrototypes();

/**
 * S8: in a program that is polluted every object has what was planted. Expected values: what becomes of a key that is known to
 * nobody at the same place.
 */
describe('security: names of JavaScript itself, at every place where a name can stand', () => {
  afterEach(() => {
    expect(fingerprintOfPrototypes()).to.deep.equal(PRISTINE);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });

  it('are keys like any other in each object of each answer of a History Server', async function () {
    this.timeout(120_000);
    let places = 0;
    for (const base of DOCUMENT_BASES) {
      for (const answer of ANSWERS) {
        const original: unknown = JSON.parse(base.texts[answer]);
        for (const place of placesIn(original)) {
          places += 1;
          for (const value of VALUES) {
            const outcome = async (name: string): Promise<unknown> =>
              outcomeOf(base, { ...base.texts, [answer]: JSON.stringify(withKey(original, place, name, value)) }, name);
            const expected = await outcome(PLAIN);
            for (const name of NAMES)
              expect(await outcome(name), `${base.name} ${answer} ${place} ${name}`).to.deep.equal(expected);
          }
        }
      }
    }
    expect(places).to.be.above(100);
  });

  it('are keys like any other in each object of each kind of event', function () {
    this.timeout(120_000);
    let kinds = 0;
    for (const { lines } of LOG_BASES.filter(({ name }) => /spill|failing|streaming/.test(name))) {
      const events = lines.map((line) => JSON.parse(line) as { readonly Event: string });
      for (const kind of new Set(events.map(({ Event }) => Event))) {
        kinds += 1;
        const outcome = (name: string, value: unknown): unknown => {
          const changed = events.map((event) =>
            event.Event === kind ? withKey(event, undefined, name, value) : event,
          );
          return renamed(stringifyJson(replayLog(logOf(changed))), name);
        };
        for (const value of VALUES.slice(1)) {
          const expected = outcome(PLAIN, value);
          for (const name of NAMES) expect(outcome(name, value), `${kind} ${name}`).to.deep.equal(expected);
        }
      }
    }
    expect(kinds).to.be.above(30);
  });

  it('are names that nobody knows, as sections and keys of config.ini', () => {
    for (const name of [...NAMES, '__proto__.polluted', 'constructor.prototype.polluted']) {
      const read = (text: string): unknown =>
        readConfig(text, SECTIONS, { file: 'config.ini', env: {}, readSecretFile: () => 'x' });
      for (const text of [`[${name}]\npolluted = yes\n`, `[${name}]\n${name} = yes\n`, `${name} = yes\n`])
        isKnownError(() => read(text));
      for (const section of SECTIONS) {
        isKnownError(() => read(`[${section.name}]\n${name} = yes\n`));
        isKnownError(() => read(`[${section.name}]\n${name}[] = yes\n${name}[polluted] = yes\n`));
        isKnownError(() => read(`[${section.name} ${name}]\npolluted = yes\n`));
      }
    }
  });

  it('are values like any other for each option of each command', async function () {
    this.timeout(120_000);
    const folder = await mkdtemp(join(tmpdir(), 'spot-pollution-'));
    const store = `sqlite:${join(folder, 'spot.sqlite')}`;
    {
      await using open = await SqliteStore.open({ path: join(folder, 'spot.sqlite') }, silentLogger);
      await open.saveRuns([sampleRun({ appId: '__proto__' }), sampleRun({ appId: 'constructor' }), sampleRun()]);
    }
    let asked = 0;
    for (const command of commands().filter((one) => !GOES_ON_OR_WRITES.has(one.name()))) {
      const words = command.registeredArguments.filter(({ required }) => required);
      for (const { long, required, optional } of [{ long: '', required: false, optional: false }, ...command.options]) {
        for (const name of ['__proto__', 'constructor']) {
          const option = [long ?? '', ...(required || optional ? [name] : [])].filter((word) => word !== '');
          asked += 1;
          await answersOrRefuses([command.name(), ...words.map(() => name), ...option, '--store', store]);
        }
      }
    }
    expect(asked).to.be.above(200);
    await rm(folder, { recursive: true });
  });

  it('are paths and queries like any other for both listeners', async () => {
    await using health = await HealthServer.listen({
      address: { host: '127.0.0.1', port: 0, isLoopback: true },
      allowedHosts: [],
      version: '1.2.3',
      readiness: () => ({ isReady: true, problems: [] }),
      metrics: () => Promise.resolve({ contentType: 'text/plain', text: 'a 1\n' }),
      logger: silentLogger,
    });
    await using history = await HistoryServer.listen(
      {
        sparkVersion: '4.0.1',
        applications: () => [],
        application: () => undefined,
        replay: () => Promise.resolve(undefined),
      },
      { port: 0, logger: silentLogger, now: () => new Date(0) },
    );
    const statusOf = async (url: string): Promise<number> => {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      return answer.status;
    };
    for (const name of NAMES) {
      const asked = (plain: string): readonly string[] => [
        `${health.url}/${plain}`,
        `${health.url}/health/${plain}?${plain}=${plain}&${plain}[polluted]=yes`,
        `${history.url}/api/v1/${plain}`,
        `${history.url}/api/v1/applications?status=${plain}&${plain}[polluted]=yes&limit=${plain}`,
        `${history.url}/api/v1/applications/${plain}/${plain}/stages`,
      ];
      const expected = await Promise.all(asked(PLAIN).map(statusOf));
      expect(await Promise.all(asked(name).map(statusOf))).to.deep.equal(expected);
      expect(Math.max(...expected)).to.be.below(500);
    }
  });
});

/** They do not end by themselves, or write files of the given name. */
const GOES_ON_OR_WRITES = new Set(['crawl', 'history', 'tune', 'backup']);

function fingerprintOfPrototypes(): readonly unknown[] {
  return [Object.prototype, Array.prototype, Function.prototype, Object, Array].map((of) => [
    Reflect.ownKeys(of).length,
    ...Object.entries(Object.getOwnPropertyDescriptors(of)).map(([key, { value }]) => [key, value as unknown]),
  ]);
}

/** Where objects stand, by keys; the rows of a list are one place. */
function placesIn(value: unknown, at = ''): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return new Set();
  const inner = Object.entries(value).flatMap(([key, one]) => [
    ...placesIn(one, Array.isArray(value) ? `${at}[]` : `${at}.${key}`),
  ]);
  return new Set(Array.isArray(value) ? inner : [at, ...inner]);
}

/** A copy with one key more in the objects of a place, or of every place. */
function withKey(value: unknown, place: string | undefined, name: string, planted: unknown, at = ''): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => withKey(one, place, name, planted, `${at}[]`));
  const copy: Record<string, unknown> = {};
  const put = (key: string, one: unknown): void => {
    Object.defineProperty(copy, key, { value: one, enumerable: true, configurable: true, writable: true });
  };
  for (const [key, one] of Object.entries(value)) put(key, withKey(one, place, name, planted, `${at}.${key}`));
  if (place === undefined || place === at) put(name, planted);
  return copy;
}

/** The documents of a run, with the planted key under the plain name; or what it was refused with. */
async function outcomeOf(base: DocumentBase, texts: DocumentBase['texts'], name: string): Promise<unknown> {
  try {
    const answers = mapped(ANSWERS_BY_NAME, (answer) =>
      readAnswer(answer, Buffer.from(texts[answer]), false, 'http://localhost:18080'),
    );
    const [application] = (answers.applications as CheckedApplications).good;
    if (application?.attempts[0] === undefined) return 'not listed';
    const documents = await documentsOf(application, application.attempts[0], answers as unknown as AttemptParts);
    return renamed(stringifyJson(documents), name);
  } catch (error) {
    if (!(error instanceof SpotError)) throw new Error(`${base.name}, ${name}`, { cause: error });
    return error.code;
  }
}

const ANSWERS_BY_NAME = Object.fromEntries(ANSWERS.map((name) => [name, name])) as Readonly<
  Record<(typeof ANSWERS)[number], (typeof ANSWERS)[number]>
>;

/** Lists of properties are sorted by name: they are compared as sets. */
function renamed(text: string, name: string): unknown {
  return JSON.parse(text.replaceAll(name, PLAIN), (_key, value: unknown) =>
    Array.isArray(value) && value.length > 0 && value.every(isProperty) ? value.toSorted(byName) : value,
  );
}

function isProperty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}

function byName([left]: readonly [string], [right]: readonly [string]): number {
  return left < right ? -1 : 1;
}

function isKnownError(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
}

function commands(): readonly Command[] {
  const nowhere = new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const output = new Output(nowhere, nowhere);
  const program = createProgram({ output, signal: new AbortController().signal, exit: () => undefined });
  program.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program.commands;
}

/** A refusal is one that people can read: of the command line, or of Spot. */
async function answersOrRefuses(args: readonly string[]): Promise<void> {
  const [command] = args;
  const found = commands().find((one) => one.name() === command);
  try {
    await found?.parent?.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof SpotError || error instanceof CommanderError))
      throw new Error(args.join(' '), { cause: error });
  }
}

import { expect } from 'chai';
import {
  checkApplications,
  checkEnvironment,
  checkExecutors,
  checkStages,
} from '../../../src/sources/history-server/schema.ts';
import { parseJson } from '../../../src/util/lossless-json.ts';
import { recordedRun } from '../../support/fake-history-server.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const { application, answers } = recordedRun('smoke-wordcount');
const stage = (): Record<string, unknown> => (JSON.parse(answers.stages) as [Record<string, unknown>])[0];
const executor = (): Record<string, unknown> => (JSON.parse(answers.allexecutors) as [Record<string, unknown>])[0];

/** The keys `spark/rest.ts` promises to those who read on, taken from its types by hand. */
const NEEDED_OF_STAGE =
  'status stageId attemptId numTasks numActiveTasks numCompleteTasks numFailedTasks numKilledTasks executorRunTime executorCpuTime memoryBytesSpilled diskBytesSpilled inputBytes inputRecords outputBytes outputRecords shuffleReadBytes shuffleReadRecords shuffleWriteBytes shuffleWriteRecords name schedulingPool rddIds'.split(
    ' ',
  );
const NEEDED_OF_EXECUTOR =
  'id hostPort isActive totalCores maxTasks addTime maxMemory totalDuration totalGCTime totalInputBytes totalShuffleRead totalShuffleWrite failedTasks completedTasks totalTasks'.split(
    ' ',
  );

describe('sources/history-server/schema', () => {
  it('asks for each key that is promised further in, and names the one that is missing', () => {
    for (const key of NEEDED_OF_STAGE) {
      const rest = without(stage(), key);
      expect(() => checkStages([stage(), rest]), key).to.throw(`stages[1].${key} is missing`);
    }
    for (const key of NEEDED_OF_EXECUTOR) {
      const rest = without(executor(), key);
      expect(() => checkExecutors([rest]), key).to.throw(`allexecutors[0].${key} is missing`);
    }
  });

  it('keeps keys it does not know, and takes null for absent where a key is optional', () => {
    const [checked] = checkStages([{ ...stage(), newInSpark5: { a: 1 }, failureReason: null, completionTime: null }]);

    expect(checked).to.deep.include({ newInSpark5: { a: 1 } });
    expect(checked).to.not.have.any.keys('failureReason', 'completionTime');
  });

  it('takes longs above 2^53, and times in the one form of the server only', () => {
    expect(() => checkStages([{ ...stage(), executorCpuTime: 2n ** 62n }])).to.not.throw();
    for (const time of ['2026-11-21T08:13:31.928Z', '2026-11-21', '', 'GMT', 1795248246819]) {
      expect(() => checkExecutors([{ ...executor(), addTime: time }])).to.throw('allexecutors[0].addTime');
    }
  });

  it('asks for pairs of texts in the properties', () => {
    const environment = JSON.parse(answers.environment) as Record<string, unknown>;
    for (const pair of [['a'], ['a', 1], ['a', 'b', 'c'], 'ab', null, { 0: 'a', 1: 'b' }]) {
      expect(() => checkEnvironment({ ...environment, sparkProperties: [['x', 'y'], pair] })).to.throw(
        'sparkProperties[1]',
      );
    }
    expect(() => checkEnvironment({ ...environment, sparkProperties: undefined })).to.throw(
      'environment.sparkProperties is missing',
    );
    expect(() => checkEnvironment({ ...environment, hadoopProperties: undefined })).to.not.throw();
  });

  it('refuses answers that are no list or no object', () => {
    for (const answer of [null, 1, 'text', {}, true]) {
      expect(() => checkApplications(answer)).to.throw('should be an array');
      expect(() => checkStages(answer)).to.throw('stages is ');
    }
    expect(() => checkEnvironment([])).to.throw('environment is an array, but should be an object');
  });

  it('answers or says what is wrong for 3,000 damaged documents, and never shows a value', () => {
    const seed = 20261121;
    const random = seededRandom(seed);
    const checks = [
      [JSON.stringify([application]), checkApplications],
      [answers.allexecutors, checkExecutors],
      [answers.stages, checkStages],
      [
        answers.environment.slice(0, answers.environment.indexOf('"hadoopProperties"')).replace(/,\s*$/, '}'),
        checkEnvironment,
      ],
    ] as const;
    const outcomes = { accepted: 0, refused: 0, unreadable: 0 };

    for (let index = 0; index < 3000; index++) {
      const [text, check] = checks[index % checks.length]!;
      let value: unknown;
      try {
        value = parseJson(damage(text, random));
      } catch {
        outcomes.unreadable++;
        continue;
      }
      try {
        check(value);
        outcomes.accepted++;
      } catch (error) {
        outcomes.refused++;
        expect((error as Error).message, `seed ${seed}, document ${index}`).to.match(
          /^[\w[\]. ]+ is (missing|null|an? \w+), but should be [\w :.-]+$/,
        );
      }
    }

    // All three happen, or the test would prove nothing.
    expect(Math.min(...Object.values(outcomes)), JSON.stringify(outcomes)).to.be.above(100);
  });
});

/** Replaces a value or a piece of the text by something else. */
function damage(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length);
  const others = ['null', '-1', '"hunter2"', '[]', '{}', '9223372036854775807', 'true', '1e400'];
  const other = others[Math.floor(random() * others.length)]!;
  if (random() < 0.2) return text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 40));
  const colon = text.indexOf(' : ', at);
  return colon === -1
    ? text
    : text.slice(0, colon + 3) + text.slice(colon + 3).replace(/^("[^"]*"|[-\w.]+|\[ \]|\{ \})/, other);
}

function without(given: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => name !== key));
}

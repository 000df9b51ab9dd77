import { expect } from 'chai';
import type { ReplayedRun } from '../../../src/eventlog/replay/replay.ts';
import { asAnswer, readFixture, readJsonFixture, replayLog } from './support.ts';

interface CorpusEntry {
  readonly name: string;
  readonly servers: readonly string[];
  readonly complete: boolean;
}

type Answers = Readonly<Record<string, unknown>>;

const PARTS: readonly (readonly [answer: string, part: keyof ReplayedRun])[] = [
  ['application', 'application'],
  ['environment', 'environment'],
  ['allexecutors', 'allexecutors'],
  ['stages', 'stages'],
  ['jobs', 'jobs'],
  ['sql', 'sql'],
  ['storage-rdd', 'storageRdd'],
];

// Expected values: answers of real History Servers, see test/fixtures/replay/README.md.
describe('eventlog/replay: the corpus', () => {
  for (const { name, servers, complete } of readJsonFixture('corpus/index.json') as readonly CorpusEntry[]) {
    for (const server of servers) {
      it(`tells ${name} as a ${server} server does`, () => {
        const answers = readJsonFixture(`corpus/${name}.server-${server}.json.br`) as Answers;
        const dialect = server.startsWith('3.5') ? '3.5' : '4.0';

        const run = replayLog(readFixture(`corpus/${name}.log.br`), { dialect });

        for (const [answer, part] of PARTS) {
          expect(told(run[part], complete), answer).to.deep.equal(told(answers[answer], complete));
        }
      });
    }
  }
});

/** Without what counts up to the moment of the request: the driver's duration, and those of running executions. */
function told(answer: unknown, complete: boolean): unknown {
  if (complete || !Array.isArray(answer)) return asAnswer(answer);
  return asAnswer(
    answer.map((row: Answers) => {
      if (row['id'] === 'driver') return { ...row, totalDuration: 0 };
      return row['status'] === 'RUNNING' && 'planDescription' in row ? { ...row, duration: 0 } : row;
    }),
  );
}

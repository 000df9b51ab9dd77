import { expect } from 'chai';
import { readFixture, readJsonFixture } from '../../eventlog/replay/support.ts';
import { folderWith, removeFolder, serveLogs, type ServedHistory, withoutLastUpdated } from './support.ts';

interface CorpusEntry {
  readonly name: string;
  readonly servers: readonly string[];
  readonly complete: boolean;
}

type Row = Readonly<Record<string, unknown>>;
type Answers = Readonly<Record<string, unknown>> & {
  readonly application: { readonly id: string };
  /** Stage and attempt → answer, or the refusal. */
  readonly taskSummary: Readonly<Record<string, Row>>;
};

interface Expectation {
  readonly server: string;
  readonly name: string;
  readonly url: string;
  readonly answer: unknown;
}

/** Which question each recorded answer is of. */
const QUESTIONS: readonly (readonly [answer: string, path: string])[] = [
  ['application', ''],
  ['environment', '/environment'],
  ['allexecutors', '/allexecutors'],
  ['executors', '/executors'],
  ['stages', '/stages'],
  ['jobs', '/jobs'],
  ['sql', '/sql?details=true&planDescription=true&length=100000'],
  ['storage-rdd', '/storage/rdd'],
];
const QUANTILES = '0.0,0.25,0.5,0.75,0.95,1.0';

const corpus = readJsonFixture('corpus/index.json') as readonly CorpusEntry[];
const golden = readJsonFixture('golden/expectations.json.br') as readonly (Expectation & {
  readonly logs: readonly string[];
})[];

/** Logs under the names that tell of an end, or of none. */
function logFiles(): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (const { name, complete } of corpus) {
    files[complete ? name : `${name}.inprogress`] = readFixture(`corpus/${name}.log.br`);
  }
  for (const log of new Set(golden.flatMap(({ logs }) => logs))) files[log] = readFixture(`golden/${log}.log.br`);
  return files;
}

// Expected values: answers of real History Servers (corpus), and Apache Spark's own (golden), see
// test/fixtures/replay/README.md. Left out are only the fields named there.
describe('api/history: every recorded answer', function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await folderWith(logFiles());
  });
  after(async () => {
    await removeFolder(folder);
  });

  for (const [dialect, version] of [
    ['4.0', '4.0.1'],
    ['3.5', '3.5.7'],
  ] as const) {
    describe(`of a ${version} server`, () => {
      let served: ServedHistory;
      before(async () => {
        served = await serveLogs([folder], { dialect });
      });
      after(async () => {
        await served[Symbol.asyncDispose]();
      });

      const json = async (path: string): Promise<unknown> => {
        const { status, contentType, text } = await served.ask(path);
        expect({ status, contentType }, path).to.deep.equal({ status: 200, contentType: 'application/json' });
        return JSON.parse(text);
      };

      for (const { name, complete } of corpus.filter((entry) => entry.servers.includes(version))) {
        it(`is given for the log ${name}`, async () => {
          const answers = readJsonFixture(`corpus/${name}.server-${version}.json.br`) as Answers;
          const run = `applications/${answers.application.id}`;

          for (const [answer, path] of QUESTIONS) {
            expect(told(await json(run + path), complete), answer).to.deep.equal(told(answers[answer], complete));
          }
          for (const [stage, summary] of Object.entries(answers.taskSummary)) {
            const path = `${run}/stages/${stage}/taskSummary?quantiles=${QUANTILES}`;
            if ('quantiles' in summary) {
              expect(await json(path), stage).to.deep.equal(summary);
              continue;
            }
            const { status, text } = await served.ask(path);
            expect(status, stage).to.equal(404);
            expect(JSON.stringify(summary), stage).to.contain(text);
          }
        });
      }

      for (const { name, url, answer } of golden.filter(({ server }) => server === version)) {
        it(`is given for Spark's own case "${name}"`, async () => {
          // Spark's suite blanks lastUpdated too.
          expect(withoutLastUpdated(await json(url))).to.deep.equal(withoutLastUpdated(answer));
        });
      }
    });
  }
});

/** Without what counts up to the moment of the request: the driver's duration, and those of running executions. */
function told(answer: unknown, complete: boolean): unknown {
  if (complete || !Array.isArray(answer)) return withoutLastUpdated(answer);
  return withoutLastUpdated(
    answer.map((row: Row) => {
      if (row['id'] === 'driver') return { ...row, totalDuration: 0 };
      return row['status'] === 'RUNNING' && 'planDescription' in row ? { ...row, duration: 0 } : row;
    }),
  );
}

import { expect } from 'chai';
import { availableParallelism } from 'node:os';
import { EventLogError } from '../../src/util/errors.ts';
import { judgeLog } from './mutated/judge-log.ts';
import { logCase, type LogCase } from './mutated/log-cases.ts';
import { complaintOf, notANumberIn } from './mutated/verdict.ts';
import { judgeCases, type CaseRange, type CasesReport, type Sabotage } from './mutated/watched-cases.ts';
import { inSoak } from './scale.ts';
import { testSeed } from './test-seed.ts';

const HANG_MS = 5000;
/** Filling a thread's memory takes seconds on a busy machine. */
const LONGEST_DEATH_MS = 60_000;
const CASES = { logs: inSoak(100_000, 3000), documents: inSoak(100_000, 5000) };
/** One case alone, of a seed that was printed. */
const ONLY = Number(process.env['SPOT_TEST_CASE'] ?? -1);

/** What many cases must come to, or the mutations no longer reach what they are for. */
const REACHED: Readonly<Record<CaseRange['kind'], readonly string[]>> = {
  logs: [
    'told',
    'told, with lines left out',
    'not listed: EVENT_LOG_NO_APPLICATION',
    'not listed: EVENT_LOG_CODEC',
    'EVENT_LOG_DAMAGED',
    'EVENT_LOG_GAP',
  ],
  documents: ['told', 'not listed', 'SOURCE_TRUNCATED', 'SOURCE_WRONG_ANSWER', 'SOURCE_NOT_JSON'],
};

describe('faults: mutated inputs', function () {
  this.timeout(inSoak(14_400_000, 240_000));

  async function judge(kind: CaseRange['kind'], seed: number): Promise<CasesReport> {
    const [from, to] = ONLY >= 0 ? [ONLY, ONLY + 1] : [0, CASES[kind]];
    const report = await judgeCases(
      { kind, seed, from, to },
      { threads: Math.min(2, availableParallelism()), hangMs: HANG_MS },
    );
    const counts = [...report.outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`);
    console.log(`      ${counts.join(', ')}; the slowest took ${Math.round(report.slowestMs)} ms`);
    return report;
  }

  /** The first few, each with what repeats it. */
  function told({ complaints }: CasesReport, seed: number): string {
    const each = complaints.map(
      ({ number, what }) => `SPOT_TEST_SEED=${seed} SPOT_TEST_CASE=${number}: ${what.slice(0, 1000)}`,
    );
    return each.slice(0, 5).join('\n');
  }

  const kinds = [
    [
      'logs',
      'event logs, plain or in one of five codecs, in one file or rolling',
      'those that mean the same tell what a History Server tells',
    ],
    ['documents', 'sets of answers of a History Server', 'those that mean the same make the same documents'],
  ] as const;
  for (const [kind, what, same] of kinds) {
    it(`R17: ${CASES[kind]} mutated ${what}: none crashes or hangs for ${HANG_MS / 1000} s, each refusal says where and why, and ${same}`, async () => {
      const seed = testSeed(`mutated ${kind}`);

      const report = await judge(kind, seed);

      expect(report.complaints, told(report, seed)).to.deep.equal([]);
      if (ONLY >= 0) return;
      expect(report.judged).to.equal(CASES[kind]);
      expect([...report.outcomes.keys()]).to.include.members([...REACHED[kind]]);
    });
  }

  // Seeds and cases that failed once.
  const once = [
    ['logs', 20_261_121, 7387, 'an amount of 1e999 in a resource profile took the run with it'],
    ['logs', 267_121_417, 96_586, 'a job without a time before anything that has one was submitted at no number'],
  ] as const;
  for (const [kind, seed, number, what] of once) {
    it(`R17: case ${number} of ${kind}, seed ${seed}: ${what}`, async () => {
      const { complaints } = await judgeCases(
        { kind, seed, from: number, to: number + 1 },
        { threads: 1, hangMs: HANG_MS },
      );

      expect(complaints).to.deep.equal([]);
    });
  }

  it('negative control: numbers other than the server told are found, and a valid log that is not read', async () => {
    const valid = (from: number): LogCase =>
      Array.from({ length: 1000 }, (_, index) => logCase(1, from + index)).find(
        ({ isValid, base }) => isValid && base.answers !== undefined,
      )!;
    const good = valid(0);
    const { answers } = good.base;
    const [first, ...rest] = answers!['stages'] as readonly { readonly inputBytes: number }[];
    const stages = [{ ...first, inputBytes: first!.inputBytes + 1 }, ...rest];

    expect(await judgeLog(good)).to.deep.equal({ outcome: 'told', complaint: undefined });
    expect(
      await judgeLog({ ...good, base: { ...good.base, name: 'other', answers: { ...answers, stages } } }),
    ).to.include({
      complaint: 'stages are not those of the server',
    });
    expect(await judgeLog({ ...good, files: new Map([['app', Buffer.from('not JSON')]]) })).to.include({
      complaint: 'a valid log is not listed',
    });
  });

  it('negative control: refusals without a code, a name or a place are found', () => {
    const error = (code: string, message: string): EventLogError => new EventLogError(code, message);
    const places = { EVENT_LOG_DAMAGED: /after line \d+/ };

    expect(complaintOf(error('EVENT_LOG_DAMAGED', 'app after line 3: no block'), ['app'], places)).to.equal(undefined);
    for (const [odd, seen] of [
      [new TypeError('app after line 3'), /^not an error of Spot's/],
      [error('EVENT_LOG_NEW', 'app after line 3'), /docs\/errors\.md does not know/],
      [error('EVENT_LOG_DAMAGED', 'after line 3'), /names none of app/],
      [error('EVENT_LOG_DAMAGED', 'app is damaged'), /does not say where/],
      [error('EVENT_LOG_DAMAGED', 'app after line 3: undefined'), /says something strange/],
    ] as const) {
      expect(complaintOf(odd, ['app'], places)).to.match(seen);
    }
    expect(notANumberIn({ a: [1, { b: NaN }] })).to.equal('/a/1/b');
  });

  const sabotages: readonly (readonly [how: Sabotage['how'], seen: RegExp])[] = [
    ['hang', /^hangs: no verdict within 0\.5 s/],
    ['never answer', /^dies: the thread ended with 0/],
    ['throw later', /^dies: Error: thrown by the test/],
    ['throw at once', /^not caught: TypeError: thrown by the test/],
    ['exhaust the memory', /^dies: .*ERR_WORKER_OUT_OF_MEMORY|memory limit/],
  ];
  for (const [how, seen] of sabotages) {
    it(`negative control: a reader that would ${how} is found, and the cases after it are judged`, async () => {
      const range = { kind: 'documents', seed: 1, from: 0, to: 12, sabotage: { number: 7, how } } as const;

      const { complaints, judged } = await judgeCases(range, {
        threads: 1,
        hangMs: how === 'hang' ? 500 : LONGEST_DEATH_MS,
      });

      expect(judged).to.be.at.least(12);
      expect(complaints).to.have.length(1);
      expect(complaints[0]?.what).to.match(seen);
    });
  }
});

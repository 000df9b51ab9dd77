import { expect } from 'chai';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { openHistoryServer } from '../support/history-server-fixture.ts';
import type { NumberAggregate } from '../../src/documents/documents.ts';
import { memoryStore, simulatedContext } from './simulated-daemon.ts';

const NEVER = new AbortController().signal;
const LARGEST = 2n ** 63n - 1n;
/** Counters of a stage that only ever grow, as Spark's `StageData` has them. */
const COUNTERS = [
  'executorRunTime',
  'executorCpuTime',
  'jvmGcTime',
  'memoryBytesSpilled',
  'diskBytesSpilled',
  'inputBytes',
  'inputRecords',
  'outputBytes',
  'shuffleReadBytes',
  'shuffleWriteBytes',
  'shuffleWriteRecords',
] as const;

/** Stages as a server tells them, their counters beyond what a double holds; and what they are, in order. */
function longStages(stages: string): { readonly text: string; readonly expected: ReadonlyMap<string, bigint[]> } {
  // Each occurrence of a counter is one less than the one before: no two are equal, and none fits a double.
  let given = LARGEST;
  const expected = new Map<string, bigint[]>(COUNTERS.map((counter) => [counter, []]));
  const text = stages.replace(/^( {2}"(\w+)" : )\d+(,?)$/gm, (line, start: string, name: string, end: string) => {
    const values = expected.get(name);
    if (values === undefined) return line;
    values.push(given);
    return `${start}${given--}${end}`;
  });
  return { text, expected };
}

/** The counters of which these stages tell something else. */
function wrongCounters(
  stages: readonly Readonly<Record<string, unknown>>[],
  expected: ReadonlyMap<string, readonly bigint[]>,
): readonly string[] {
  return COUNTERS.filter(
    (counter) => stages.map((stage) => String(stage[counter])).join() !== expected.get(counter)?.join(),
  );
}

describe('faults: numbers that a double cannot hold', () => {
  it('R18: counters up to 2^63 - 1 are exact in the raw document, and so are their sums', async () => {
    await using server = await FakeHistoryServer.start();
    const { application, answers } = recordedRun('smoke-wordcount');
    const { text, expected } = longStages(answers.stages);
    server.put(application, { ...answers, stages: text });
    await using source = openHistoryServer(server.url).source;
    await using store = await memoryStore();

    await crawlOnce([simulatedContext(source, store, { seconds: 1e6 })], { signal: NEVER });

    const key = { cluster: 'default', appId: application.id };
    const raw = await store.readRaw(key);
    const aggregate = await store.readAggregate(key);
    expect(wrongCounters(raw?.attempts[0].stages ?? [], expected)).to.deep.equal([]);
    for (const [counter, values] of expected) {
      expect(values.length, counter).to.be.greaterThan(1);
      const { min, max, sum } = aggregate?.attempt.aggs.stages[counter] as NumberAggregate;
      expect({ min, max, sum }, counter).to.deep.equal({
        min: values.at(-1),
        max: values[0],
        sum: values.reduce((total, value) => total + value, 0n),
      });
    }
  });

  it('negative control: read by JSON.parse, each of these counters is another', () => {
    const { text, expected } = longStages(recordedRun('smoke-wordcount').answers.stages);

    expect(wrongCounters(JSON.parse(text) as Record<string, unknown>[], expected)).to.deep.equal(COUNTERS);
  });
});

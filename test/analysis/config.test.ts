import { expect } from 'chai';
import { analyze } from '../../src/analysis/analyze.ts';
import { heuristicSection, thresholdsOf } from '../../src/analysis/config.ts';
import { factsOf } from '../../src/analysis/facts.ts';
import { HEURISTICS } from '../../src/analysis/heuristics/index.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { chainOfJobs } from '../support/synthetic-run.ts';

function thresholdsIn(text: string): ReturnType<typeof thresholdsOf> {
  const config = readConfig(text, [heuristicSection], { file: 'config.ini', env: {}, readSecretFile: () => '' });
  return thresholdsOf(config.instancesOf(heuristicSection));
}

describe('analysis/config', () => {
  it('reads a scale and a limit, and leaves what is not set to the heuristic', () => {
    const thresholds = thresholdsIn('[HEURISTIC task-skew]\nmaxToMedian = 3, 5, 9, 20\nleastTaskMs = 2000\n');

    expect(thresholds).to.deep.equal({
      'task-skew': {
        maxToMedian: { low: 3, moderate: 5, severe: 9, critical: 20, unit: 'ratio' },
        leastTaskMs: { value: 2000, unit: 'ms' },
      },
    });
  });

  it('knows a section for each heuristic with a key for each threshold, its default as text', () => {
    const keys = Object.entries(heuristicSection.keysByLabel ?? {}).map(([id, specs]) => [id, Object.keys(specs)]);

    expect(keys).to.deep.equal(HEURISTICS.map(({ id, thresholds }) => [id, Object.keys(thresholds)]));
    expect(heuristicSection.keysByLabel?.['task-skew']?.['maxToMedian']?.default).to.equal('2, 4, 8, 16');
  });

  it('takes every default as it stands in its section', () => {
    for (const [id, keys] of Object.entries(heuristicSection.keysByLabel ?? {})) {
      const lines = Object.entries(keys).map(([key, spec]) => `${key} = ${spec.default}`);
      const defaults = HEURISTICS.find((heuristic) => heuristic.id === id)?.thresholds;

      expect(thresholdsIn(`[HEURISTIC ${id}]\n${lines.join('\n')}\n`)[id], id).to.deep.equal(defaults);
    }
  });

  const REFUSED: readonly (readonly [text: string, code: string, says: RegExp])[] = [
    ['[HEURISTIC task-skw]\nmaxToMedian = 1,2,3,4', 'CONFIG_UNKNOWN_SECTION', /did you mean \[HEURISTIC task-skew\]/],
    ['[HEURISTIC]\nmaxToMedian = 1,2,3,4', 'CONFIG_UNKNOWN_SECTION', /\[HEURISTIC\] needs a name/],
    ['[HEURISTIC task-skew]\nmaxToMedain = 1,2,3,4', 'CONFIG_UNKNOWN_KEY', /did you mean maxToMedian/],
    ['[HEURISTIC task-skew]\nmaxToMedian = 1,2,3', 'CONFIG_INVALID_VALUE', /four rising numbers/],
    ['[HEURISTIC task-skew]\nmaxToMedian = 1,2,x,4', 'CONFIG_INVALID_VALUE', /four rising numbers/],
    ['[HEURISTIC task-skew]\nmaxToMedian = 4,3,2,1', 'CONFIG_INVALID_VALUE', /four rising numbers/],
    ['[HEURISTIC tiny-tasks]\nmedianTaskMs = 20,50,100,200', 'CONFIG_INVALID_VALUE', /four falling numbers/],
    ['[HEURISTIC task-skew]\nleastTasks = many', 'CONFIG_INVALID_VALUE', /leastTasks.*must be a number/],
  ];
  for (const [text, code, says] of REFUSED) {
    it(`refuses ${JSON.stringify(text)} with ${code}`, () => {
      expect(() => thresholdsIn(text))
        .to.throw(says)
        .with.property('code', code);
    });
  }

  it('moves a finding: a task ten times as long as its seven siblings is skew at 8 and none at 20', () => {
    // Eight tasks in one wave on eight slots, after a first even stage; the long one is 10 times the median.
    const detail = chainOfJobs([Array<number>(32).fill(500), [9000, ...Array<number>(31).fill(900)]], {
      executors: 2,
      cores: 4,
    });
    const facts = factsOf({ detail, properties: {}, sparkVersion: '4.0.1', flags: [] });
    const idsWith = (text: string): readonly string[] =>
      analyze(facts, { thresholds: thresholdsIn(text) }).findings.map(({ id }) => id);

    expect(idsWith('')).to.include('task-skew');
    expect(idsWith('[HEURISTIC task-skew]\nmaxToMedian = 20, 40, 80, 160\n')).not.to.include('task-skew');
  });
});

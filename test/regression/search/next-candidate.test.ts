import { expect } from 'chai';
import { candidateSpace, type Candidate, type Outcome } from '../../../src/regression/search/candidate.ts';
import { searchPrior } from '../../../src/regression/search/hypotheses.ts';
import { nextCandidate } from '../../../src/regression/search/next-candidate.ts';
import { timeLimit, wasStopped } from '../../../src/regression/search/time-limit.ts';
import { ModelError } from '../../../src/util/errors.ts';

const run = (candidateId: string, seconds: number, completed = true): Outcome => ({ candidateId, seconds, completed });

describe('regression/search/time-limit', () => {
  it('sees a limit of 7200 s in two failures of that length and no longer success', () => {
    const outcomes = [run('a', 7200.004, false), run('b', 7200.001, false), run('c', 90, false), run('d', 7101)];

    const limit = timeLimit(outcomes);

    expect(limit).to.equal(7200.004);
    expect(outcomes.map((outcome) => wasStopped(outcome, limit))).to.deep.equal([true, true, false, false]);
  });

  it('sees none in one failure, nor when a run took longer and completed', () => {
    expect(timeLimit([run('a', 7200, false), run('b', 100)])).to.equal(Infinity);
    expect(timeLimit([run('a', 7200, false), run('b', 7200, false), run('c', 9000)])).to.equal(Infinity);
    expect(timeLimit([])).to.equal(Infinity);
  });
});

describe('regression/search/next-candidate', () => {
  /** Clusters of 1 to 32 nodes with 4 cores and 16 GB each. */
  const clusters: Candidate[] = [1, 2, 4, 8, 16, 32].map((nodes) => ({
    id: `n${nodes}`,
    nodes,
    coresPerNode: 4,
    memoryGbPerNode: 16,
    pricePerNodeHour: 0.2,
  }));
  const space = candidateSpace(clusters);
  const scales = (application: string, level: number) => ({
    application,
    outcomes: clusters.map(({ id, nodes }) => run(id, level * (0.02 + 1 / nodes))),
  });

  it('begins with the fastest cluster of applications that all scale', () => {
    const prior = searchPrior(space, [scales('a', 100), scales('b', 1000)]);

    expect(nextCandidate(prior, [], 'time')!.candidate.id).to.equal('n32');
  });

  it('goes elsewhere once that turns out slow', () => {
    const prior = searchPrior(space, [scales('a', 100), scales('b', 1000)]);
    const step = nextCandidate(prior, [run('n32', 900), run('n16', 500)], 'time')!;

    expect(step.candidate.nodes).to.be.below(16);
    expect(step.expectedGain).to.be.within(0.05, 1);
  });

  it('stays away from small clusters after two of them ran into the limit', () => {
    const prior = searchPrior(space, []);
    const step = nextCandidate(prior, [run('n1', 3600, false), run('n2', 3600, false), run('n8', 1500)], 'cost')!;

    expect(step.candidate.nodes).to.be.above(2);
  });

  it('is undefined when every candidate was run, and needs prices for cost', () => {
    const prior = searchPrior(space, []);
    const all = clusters.map(({ id }) => run(id, 100));
    const free = searchPrior(
      candidateSpace(
        clusters.map(({ id, nodes, coresPerNode, memoryGbPerNode }) => ({ id, nodes, coresPerNode, memoryGbPerNode })),
      ),
      [],
    );

    expect(nextCandidate(prior, all, 'time')).to.equal(undefined);
    expect(() => nextCandidate(free, [], 'cost'))
      .to.throw(ModelError)
      .with.property('code', 'SEARCH_PRICE');
  });
});

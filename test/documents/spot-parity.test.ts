import { expect } from 'chai';
import { differences, PARITY_CASES, parityFile, parityRaw } from './spot-parity-cases.ts';

/**
 * Expected values: what AbsaOSS Spot itself stored for the same answers (test/fixtures/spot-parity).
 * All that may differ is listed: a difference outside the list fails, and so does a listed one that does not occur.
 */
const WANTED_DIFFERENCES = [
  // Differs by nature: when it was processed.
  'spot/time_processed',
  // Spot's marks that the original had not.
  'spot/cluster',
  'spot/fingerprint',
  'spot/revision',
  'spot/schema_version',
  'spot/status',
  'spot/flags',
  'isFinalAttempt',
];

describe('documents/build-raw-document: parity with AbsaOSS Spot', () => {
  for (const name of PARITY_CASES) {
    it(`makes of ${name} the raw document that the original stored, but for the ${WANTED_DIFFERENCES.length} listed fields`, () => {
      const ours = parityRaw(name);

      const found = differences(ours, parityFile(name, 'raw'));

      expect(found).to.have.members(WANTED_DIFFERENCES);
    });
  }

  it('would notice one digit: the comparison finds a number changed by a millionth', () => {
    const original = parityFile('smoke-wordcount', 'raw') as { attempts: [{ stages: [{ executorCpuTime: number }] }] };
    const changed = structuredClone(original);
    changed.attempts[0].stages[0].executorCpuTime *= 1.000001;

    expect(differences(changed, original)).to.deep.equal(['attempts/0/stages/0/executorCpuTime']);
  });
});

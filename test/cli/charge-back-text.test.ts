import { expect } from 'chai';
import type { ChargeBackAnswer } from '../../src/app/charge-back.ts';
import { chargeBackCsv, chargeBackText } from '../../src/cli/charge-back-text.ts';
import { csvText } from '../../src/cli/csv-text.ts';
import { sparkline } from '../../src/cli/sparkline.ts';
import type { GroupTotals } from '../../src/money/charge-back.ts';
import { parseCsv } from '../../src/util/csv.ts';

const NOTHING: GroupTotals = {
  runs: 0,
  failedRuns: 0,
  failedShare: null,
  coreHours: 0,
  wastedCoreHours: 0,
  wastedShare: null,
  cost: 0,
  idleCost: 0,
  unmeasured: { coreHours: 0, wastedCoreHours: 0, cost: 0 },
};
const SERIES = [0, 1, 2, 4, 8];
const ALICE = {
  ...NOTHING,
  runs: 4,
  failedRuns: 1,
  failedShare: 0.25,
  coreHours: 200,
  wastedCoreHours: 50,
  wastedShare: 0.25,
  cost: 12,
  idleCost: 3,
};
const UNPRICED = { ...NOTHING, runs: 2, failedShare: 0, unmeasured: { coreHours: 2, wastedCoreHours: 2, cost: 2 } };

const ANSWER: ChargeBackAnswer = {
  by: 'user',
  since: '2026-11-11T00:00:00.000Z',
  before: { since: '2026-11-01T00:00:00.000Z', until: '2026-11-11T00:00:00.000Z' },
  currency: 'EUR',
  hasExamplePrices: false,
  groups: [
    { ...ALICE, group: 'alice', before: { ...ALICE, cost: 16 }, series: SERIES },
    { ...ALICE, group: '=HYPERLINK("x")', runs: 1, failedRuns: 0, failedShare: 0, before: NOTHING, series: SERIES },
    { ...NOTHING, group: 'carol', before: ALICE, series: [] },
    { ...UNPRICED, group: null, before: NOTHING, series: [] },
  ],
  total: {
    ...ALICE,
    runs: 7,
    failedRuns: 1,
    failedShare: 1 / 7,
    cost: 24,
    before: { ...ALICE, cost: 20 },
    series: SERIES,
  },
  notMeasurable: [{ what: 'cost', because: 'no end of the run is known', runs: 2 }],
};

describe('cli/charge-back-text', () => {
  it('shows cost, waste, failed share and the change against the period before', () => {
    const lines = chargeBackText(ANSWER, { width: Infinity, limit: 20 }).split('\n');

    // By hand: 50 of 200 are 25 %, 1 of 4 runs 25 %, 12 instead of 16 are −25 %, 24 instead of 20 are +20 %.
    expect(lines[0]).to.match(/^USER +RUNS +CORE-H +WASTED +COST \(EUR\) +FAILED +TREND +COST OVER TIME$/);
    expect(lines[1]).to.match(/^alice +4 +200 +50\.0 \(25 %\) +12\.00 +25 % +−25 % +·▂▃▅█$/);
    expect(lines[2]).to.match(/^=HYPER.* 0 % +new /);
    expect(lines[3]).to.match(/^carol +0 .*gone$/);
    expect(lines[4]).to.match(/^\(none\) +2 +- +- +- +0 % +new$/);
    expect(lines[5]).to.match(/^ALL +7 .*24\.00 +14 % +\+20 %/);
    expect(lines).to.include('COST leaves out 2 of 7 runs, because no end of the run is known.');
  });

  it('shows the dearest groups that fit, says how many more there are, and that prices are examples', () => {
    const text = chargeBackText({ ...ANSWER, hasExamplePrices: true }, { width: Infinity, limit: 1 });

    expect(text).to.include('alice').and.not.to.include('carol');
    expect(text).to.include('and 3 more, in ALL').and.to.include('Example prices: set [PRICES] price_book');
  });

  it('compares a day with the one before it', () => {
    const groups = [
      { ...ALICE, group: '2026-11-12', series: [] },
      { ...ALICE, group: '2026-11-13', cost: 6, series: [] },
      { ...ALICE, group: '2026-11-15', cost: 6, series: [] },
      { ...UNPRICED, group: null, series: [] },
    ];
    const lines = chargeBackText({ ...ANSWER, by: 'day', groups }, { width: Infinity, limit: 20 }).split('\n');

    expect(lines[0]).to.not.include('OVER TIME');
    expect(lines[1]).to.match(/^2026-11-12 .* -$/);
    expect(lines[2]).to.match(/^2026-11-13 .* −50 %$/);
    expect(lines[3]).to.match(/^2026-11-15 .* -$/);
    expect(lines[4]).to.match(/^\(none\) .* -$/);
  });

  it('writes a spreadsheet of all groups in which no name is a formula and what is not measured is empty', () => {
    const records = parseCsv(chargeBackCsv(ANSWER));

    expect(records).to.have.length(4);
    expect(records[0]).to.include({
      user: 'alice',
      runs: '4',
      failed_share: '0.25',
      cost: '12',
      cost_before: '16',
      change: '-0.25',
    });
    expect(records[1]).to.include({ user: `'=HYPERLINK("x")`, change: '' });
    expect(records[3]).to.include({ user: '', cost: '', core_hours: '', unpriced_runs: '2' });
  });
});

describe('cli/csv-text', () => {
  it('quotes what has commas, quotes or line breaks', () => {
    expect(
      csvText(
        ['a', 'b'],
        [
          ['x,y', 'say "no"\n'],
          [null, 1.5],
        ],
      ),
    ).to.equal('a,b\n"x,y","say ""no""\n"\n,1.5');
  });
});

describe('cli/sparkline', () => {
  it('draws from nothing to the largest, and nothing of nothing', () => {
    expect(sparkline([0, 1, 4, 8])).to.equal('·▂▅█');
    expect(sparkline([0, 0])).to.equal('');
  });
});

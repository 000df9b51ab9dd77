import { expect } from 'chai';
import type { PricedAnalysis } from '../../src/app/price-analysis.ts';
import { analysisHtml } from '../../src/cli/findings/findings-html.ts';
import { analysisMarkdown } from '../../src/cli/findings/findings-markdown.ts';
import { analysisTable } from '../../src/cli/findings/findings-table.ts';

const EMPTY: PricedAnalysis = {
  cost: { total: 12.5, idle: 5, currency: 'EUR', hasExamplePrices: false },
  run: 'app-1',
  name: 'nightly',
  source: 'event-log',
  findings: [],
  notMeasurable: [],
  errors: [],
  durationMs: 65_000,
  total: { timeMs: { low: 0, high: 0 }, coreMs: { low: 0, high: 0 } },
};

const SKEWED: PricedAnalysis = {
  ...EMPTY,
  name: '<script>alert(1)</script> | `x` \u202e',
  findings: [
    {
      id: 'task-skew',
      title: 'A few long tasks hold their stage back',
      severity: 'severe',
      subject: 'stage 3',
      facts: { cause: 'data', longestTaskMs: 90_000, longestTaskBytes: 3 * 1024 ** 3, maxToMedianRatio: 8.76 },
      savings: {
        basis: 'simulated',
        timeMs: { low: 10_000, high: 12_000 },
        coreMs: { low: 0, high: 7_200_000 },
        shareMs: 11_000,
        cost: { low: 0, high: 1.5, currency: 'EUR' },
      },
      fix: { text: 'Split "hot" <keys>.', set: { 'spark.sql.adaptive.enabled': 'true' } },
    },
  ],
  notMeasurable: [{ id: 'executor-memory', because: 'no peaks were logged' }],
  total: {
    timeMs: { low: 10_000, high: 12_000 },
    coreMs: { low: 0, high: 7_200_000 },
    cost: { low: 1, high: 1.5, currency: 'EUR' },
  },
};

describe('cli/findings', () => {
  it('says in one line of a run that nothing is to be gained', () => {
    expect(analysisTable(EMPTY, 120, false)).to.equal(
      'app-1 (nightly): It took 1 m 05 s and cost 12.50 EUR, and nothing was found that would be worth changing.',
    );
    expect(analysisTable({ ...EMPTY, cost: { because: 'no end of the run is known' } }, 120, false)).to.equal(
      'app-1 (nightly): It took 1 m 05 s, and nothing was found that would be worth changing.',
    );
  });

  it('shows severity, place and saving, the first fix ready to paste, and what was not measurable', () => {
    const text = analysisTable(SKEWED, Infinity, false);

    expect(text).to.match(/severe +task-skew +stage 3 +10\.0 s – 12\.0 s +up to 1\.50 EUR/);
    expect(text).to.include('worth 10.0 s – 12.0 s of its 1 m 05 s, at most 2.0 core-hours (1.00 – 1.50 EUR).');
    const memoryAlone = { ...SKEWED, total: { ...EMPTY.total, cost: { low: 2, high: 2, currency: 'EUR' } } };
    expect(analysisTable(memoryAlone, 120, false)).to.include('1 finding; together they are worth 2.00 EUR.');
    expect(text).to.include('Cores without a task cost 5.00 EUR of it (40 %).');
    expect(text).to.include('longest task 1 m 30 s; longest task bytes 3.00 GiB; max to median ratio 8.76');
    expect(text).to.include('--conf spark.sql.adaptive.enabled=true');
    expect(text).to.include('Not measurable: executor-memory');
    expect(text).not.to.include('\u202e');
  });

  it('says of amounts that they are made with example prices, or why there are none', () => {
    const example = { ...SKEWED, cost: { total: 12.5, currency: 'EUR', hasExamplePrices: true } };
    const unknown = { ...SKEWED, cost: { because: 'no end of the run is known' } };

    for (const print of [analysisMarkdown, analysisHtml, (run: PricedAnalysis) => analysisTable(run, 120, false)]) {
      expect(print(example))
        .to.include('cost 12.50 EUR by example prices')
        .and.to.match(/set .*PRICES.* price.*book/);
      expect(print(unknown)).to.include('Its cost is not measurable, because no end of the run is known.');
      expect(print(SKEWED)).to.include('1.50 EUR').and.not.to.include('example');
    }
  });

  it('says with --all why something was not measurable', () => {
    expect(analysisTable(SKEWED, Infinity, true)).to.include(
      'executor-memory not measurable, because no peaks were logged',
    );
  });

  it('writes a page that needs nothing from elsewhere and takes no markup from the run', () => {
    const page = analysisHtml(SKEWED);

    expect(page).not.to.include('<script');
    expect(page).to.include('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).to.include('Split &quot;hot&quot; &lt;keys&gt;.');
    expect(page).not.to.match(/(?:src|href)=/);
    expect(page).to.include("default-src 'none'");
  });

  it('writes Markdown in which the run’s name is text', () => {
    const text = analysisMarkdown(SKEWED);

    expect(text.split('\n', 1)[0]).to.equal('# app-1 (\\<script\\>alert(1)\\</script\\> \\| \\`x\\`  )');
    expect(text).to.include('```text\n--conf spark.sql.adaptive.enabled=true\n```');
    expect(text).to.include(
      '| severe | A few long tasks hold their stage back | stage 3 | 10.0 s – 12.0 s | up to 1.50 EUR |',
    );
  });
});

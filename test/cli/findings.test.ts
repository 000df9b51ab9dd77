import { expect } from 'chai';
import type { RunAnalysis } from '../../src/app/analyze-run.ts';
import { analysisHtml } from '../../src/cli/findings/findings-html.ts';
import { analysisMarkdown } from '../../src/cli/findings/findings-markdown.ts';
import { analysisTable } from '../../src/cli/findings/findings-table.ts';

const EMPTY: RunAnalysis = {
  run: 'app-1',
  name: 'nightly',
  source: 'event-log',
  findings: [],
  notMeasurable: [],
  errors: [],
  durationMs: 65_000,
  total: { timeMs: { low: 0, high: 0 }, coreMs: { low: 0, high: 0 } },
};

const SKEWED: RunAnalysis = {
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
      },
      fix: { text: 'Split "hot" <keys>.', set: { 'spark.sql.adaptive.enabled': 'true' } },
    },
  ],
  notMeasurable: [{ id: 'executor-memory', because: 'no peaks were logged' }],
  total: { timeMs: { low: 10_000, high: 12_000 }, coreMs: { low: 0, high: 7_200_000 } },
};

describe('cli/findings', () => {
  it('says in one line of a run that nothing is to be gained', () => {
    expect(analysisTable(EMPTY, 120, false)).to.equal(
      'app-1 (nightly): It took 1 m 05 s, and nothing was found that would be worth changing.',
    );
  });

  it('shows severity, place and saving, the first fix ready to paste, and what was not measurable', () => {
    const text = analysisTable(SKEWED, Infinity, false);

    expect(text).to.match(/severe +task-skew +stage 3 +10\.0 s – 12\.0 s/);
    expect(text).to.include('longest task 1 m 30 s; longest task bytes 3.00 GiB; max to median ratio 8.76');
    expect(text).to.include('--conf spark.sql.adaptive.enabled=true');
    expect(text).to.include('Not measurable: executor-memory');
    expect(text).not.to.include('\u202e');
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
    expect(text).to.include('| severe | A few long tasks hold their stage back | stage 3 | 10.0 s – 12.0 s |');
  });
});

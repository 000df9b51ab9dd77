import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { aggregateRun } from '../../src/aggregations/aggregate-run.ts';
import { EXECUTOR_PERCENTILES, STAGE_PERCENTILES } from '../../src/aggregations/percentiles.ts';
import { omit } from '../../src/documents/own-properties.ts';
import { castProperty, documentNameOf } from '../../src/spark/property-casts.ts';
import { parityRaw } from './spot-parity-cases.ts';

const page = readFileSync(new URL('../../docs/documents.md', import.meta.url), 'utf8');
const aggregates = [aggregateRun(parityRaw('smoke-wordcount')), aggregateRun(parityRaw('failed-app'))];

/** The text under a heading, up to the next heading of the same or a higher level. */
function section(heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  expect(start, heading).to.be.greaterThan(-1);
  const level = heading.indexOf(' ');
  const rest = page.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** Everything between backticks; `a.{b,c}.d` stands for `a.b.d` and `a.c.d`. */
function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) => {
    const [, before = '', options, after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(name) ?? [];
    return options === undefined ? [name] : options.split(',').map((option) => `${before}${option}${after}`);
  });
}

/** First cells of the rows whose second cell ends in `, p`. */
function percentileColumns(text: string): readonly string[] {
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.filter(([, , unit]) => unit?.endsWith(', p')).flatMap(([, names = '']) => namesIn(names));
}

describe('docs/documents.md', () => {
  const places = [
    ["### `spot`: Spot's own marks", 'spot', aggregates.map(({ spot }) => spot)],
    ['### `attempts[0]`', 'attempt', aggregates.map(({ attempt }) => omit(attempt, new Set(['aggs'])))],
    ['### `environment`', 'environment', aggregates.map(({ attempt }) => attempt.environment)],
    [
      '### `attempt.aggs.allexecutors`',
      'executors',
      aggregates.map(({ attempt }) => attempt.aggs.allexecutors.executors),
    ],
    ['### `attempt.aggs.stages`', 'stages', aggregates.map(({ attempt }) => attempt.aggs.stages)],
    ['### `attempt.aggs.summary`', 'summary', aggregates.map(({ attempt }) => attempt.aggs.summary)],
    ['## Raw document', 'application', aggregates.map((aggregate) => omit({ ...aggregate }, new Set(['attempt'])))],
  ] as const;
  for (const [heading, what, objects] of places) {
    it(`tells every field of ${what} that real runs have`, () => {
      const told = namesIn(section(heading));
      const peaks = namesIn(section('### Peaks of memory and garbage collection'));

      const fields = new Set(objects.flatMap((object) => Object.keys(object)));
      fields.delete('elements_count');
      const untold = [...fields].filter((field) => {
        const [, peak] = /^peak(?:Memory|Executor)Metrics\.(.*)$/.exec(field) ?? [];
        return peak === undefined ? !told.includes(field) : !peaks.includes(peak);
      });
      expect(fields.size).to.be.greaterThan(2);
      expect(untold).to.deep.equal([]);
    });
  }

  it('marks with p exactly the columns that have percentiles', () => {
    const executors = percentileColumns(section('### `attempt.aggs.allexecutors`'));
    const alsoPeaks = ['peakMemoryMetrics.JVMHeapMemory', 'peakMemoryMetrics.ProcessTreeJVMRSSMemory'];

    expect([...executors, ...alsoPeaks]).to.have.members([...EXECUTOR_PERCENTILES]);
    expect(percentileColumns(section('### `attempt.aggs.stages`'))).to.have.members([...STAGE_PERCENTILES]);
  });

  it('lists the 50 Spark properties that are cast, each of which a value proves', () => {
    const table = section('### `environment`')
      .split('\n')
      .filter((line) => /^\| (count|ratio|boolean|bytes|milliseconds) /.test(line));

    const listed = namesIn(table.join('\n'));

    expect(new Set(listed).size).to.equal(50);
    expect(listed.filter((property) => castProperty(documentNameOf(property), '1') === '1')).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countFields, type Properties } from '../../../src/store/elasticsearch/mappings/field-types.ts';
import { KINDS, MAPPING_VERSION, mappingOf, templateOf } from '../../../src/store/elasticsearch/mappings/mappings.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/original-mapping');
const read = (file: string): unknown => JSON.parse(readFileSync(join(FIXTURE, file), 'utf8'));

/** Every field that holds values, multi-fields too: path → type. */
function typesOf(properties: Properties, path = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, mapping]): [string, string][] => {
      const {
        properties: inner,
        fields = {},
        type,
      } = mapping as { properties?: Properties; fields?: Properties; type?: string };
      const own = path + name;
      if (inner !== undefined) return Object.entries(typesOf(inner, `${own}.`));
      return [[own, String(type)], ...Object.entries(typesOf(fields, `${own}.`))];
    }),
  );
}

const KIND_OF_TYPE: Readonly<Record<string, string>> = { long: 'number', double: 'number', float: 'number' };
const kindOf = (type: string | undefined): string | undefined => KIND_OF_TYPE[type ?? ''] ?? type;

describe('store/elasticsearch/mappings', () => {
  const agg = typesOf(mappingOf('agg').properties);

  for (const kind of KINDS) {
    it(`of ${kind} documents are closed and have at most 1,000 fields`, () => {
      const mapping = mappingOf(kind);

      expect(mapping['dynamic']).to.equal(false);
      expect(JSON.stringify(mapping)).to.not.match(/"dynamic":(true|"true"|"runtime")/);
      expect(countFields(mapping.properties)).to.be.at.most(1000);
      expect(templateOf(kind)['index_patterns']).to.deep.equal([`spot_${kind}_*`]);
    });
  }

  const dashboards = read('dashboard-fields.json') as Readonly<Record<'agg' | 'err', Readonly<Record<string, string>>>>;
  for (const kind of ['agg', 'err'] as const) {
    it(`have each field of the original's dashboards and alerts on ${kind} documents, of the kind they need`, () => {
      const types = typesOf(mappingOf(kind).properties);

      const ours = Object.fromEntries(Object.keys(dashboards[kind]).map((field) => [field, kindOf(types[field])]));

      expect(Object.keys(ours).length).to.be.at.least(6);
      expect(ours).to.deep.equal(dashboards[kind]);
    });
  }

  it("have the fields of the original's own mapping with the same kind, except those left out on purpose", () => {
    const { mappings } = (
      read('agg-mapping.json') as {
        readonly spot_agg_parity: { readonly mappings: { readonly properties: Properties } };
      }
    ).spot_agg_parity;
    const original = typesOf(mappings.properties);
    const leftOut = [
      // Three quarters of a document there, not in an aggregate document here.
      /^attempt\.environment\.(hadoopProperties|metricsProperties)/,
      // Kept and shown, not searched.
      /^attempt\.environment\.resourceProfiles/,
      // Any other property is found through spot_search.properties.
      /^attempt\.environment\.sparkProperties/,
      // Sums and counts of peaks, and more than the bounds of an id.
      /\.peak\w+Metrics\.\w+\.(sum|count_zeroes|count_not_null)$/,
      /\.(stageId|attemptId|resourceProfileId)\.(sum|mean|count_zeroes|count_not_null)$/,
      // Objects that were empty.
      /\.driver\.(attributes|resources)$/,
    ];

    const differing = Object.entries(original)
      .filter(([field]) => !leftOut.some((pattern) => pattern.test(field)))
      .filter(([field, type]) => kindOf(agg[field]) !== kindOf(type))
      .map(([field, type]) => `${field}: ${type}, here ${String(agg[field])}`);

    expect(Object.keys(original).length).to.be.at.least(900);
    expect(differing).to.deep.equal([]);
  });

  it('keep every aggregate of a number as a double, for a 32-bit float loses bytes above 16.7 million', () => {
    const numbers = Object.entries(agg).filter(
      ([field, type]) => /\.(min|max|sum|mean|p50|p95)$/.test(field) && type !== 'date',
    );
    const others = numbers
      .filter(([, type]) => type !== 'double')
      .map(([field]) => field.split('.').slice(-2).join('.'));

    expect(numbers.length).to.be.at.least(500);
    // How many rows were true is a count.
    expect(new Set(others)).to.deep.equal(
      new Set(['isActive.sum', 'isBlacklisted.sum', 'isExcluded.sum', 'isShufflePushEnabled.sum']),
    );
  });

  it('say a new version when they change, so that indexes of an older version get the new fields', () => {
    const digest = createHash('sha256')
      .update(JSON.stringify(KINDS.map(mappingOf)))
      .digest('hex')
      .slice(0, 16);

    // A change of a released mapping raises MAPPING_VERSION and adds a line here.
    expect({ [MAPPING_VERSION]: digest }).to.deep.equal({ 1: '706c6e65fd134d6e' });
  });
});

import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { oldestPrice } from '../../src/money/price-book.ts';
import { readPriceBook } from '../../src/money/read-price-book.ts';
import { ConfigError } from '../../src/util/errors.ts';

const SEEN = { date: '2026-11-21', source: 'aws.amazon.com' };
const MACHINE = { cores: 4, memory_gib: 16, price: 0.2, emr_hour: 0.05, ...SEEN };

function refused(book: object | string): string {
  const text = typeof book === 'string' ? book : JSON.stringify(book, null, 2);
  try {
    readPriceBook(text, 'prices.json');
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError).and.to.have.property('code', 'CONFIG_PRICE_BOOK');
    return (error as ConfigError).message;
  }
  throw new Error('it was accepted');
}

describe('money/read-price-book', () => {
  it('reads the example that comes with Spot, which says that it is one', () => {
    const file = fileURLToPath(new URL('../../docs/prices.example.json', import.meta.url));
    const book = readPriceBook(readFileSync(file, 'utf8'), file);

    expect(book).to.include({ isExample: true, currency: 'USD', minimumBillingMs: 60_000 });
    expect(book.vcpuHour).to.include({ price: 0.05, date: '2026-11-21' });
    expect(book.clusters.get('emr')).to.include({ executorInstance: 'm5.4xlarge', service: 'emr', platform: 'emr' });
    expect(book.clusters.get('emr')?.spot).to.include({ discount: 0.6, executorShare: 0.5, hasSpotDriver: false });
  });

  it('knows the day of its oldest price', () => {
    const dbu = { ...SEEN, price: 1, date: '2025-01-31' };
    const instance_types = { m5: MACHINE };
    const book = (fields: object) => readPriceBook(JSON.stringify({ currency: 'EUR', ...fields }), 'prices.json');

    expect(oldestPrice(book({ dbu, instance_types }))).to.equal('2025-01-31');
    expect(oldestPrice(book({ instance_types }))).to.equal('2026-11-21');
    expect(oldestPrice(book({}))).to.equal(undefined);
  });

  it('needs no more than a currency, and is nobody’s example then', () => {
    expect(readPriceBook('\uFEFF{ "currency": "EUR" }', 'prices.json')).to.include({
      currency: 'EUR',
      isExample: false,
    });
  });

  it('tells file, line and field of what is wrong', () => {
    const message = refused({
      currency: 'USD',
      vcpu_hour: { ...SEEN, price: '0.05' },
      gib_hour: { price: 1, ...SEEN },
    });

    // By hand: {, currency, vcpu_hour {, date, source, price.
    expect(message).to.equal('prices.json, line 6: vcpu_hour → price is "0.05", but must be a number from 0 up');
  });

  const of = (fields: object): object => ({ currency: 'USD', ...fields });
  const machines = { instance_types: { m5: MACHINE } };
  const cases: readonly (readonly [string, object | string, RegExp])[] = [
    ['text that is no JSON, with its line', '{\n"currency": "USD",\n}', /is no JSON: .*line 3/],
    ['a list', '[]', /line 1: the price book must be an object/],
    [
      'a price that stands there twice',
      '{\n"currency": "EUR",\n"dbu": {"price": 1,\n"date": "\\"{",\n"price": 2}}',
      /line 5: price stands there for the second time/,
    ],
    ['no currency', {}, /the price book must have currency/],
    ['a sign for a currency', { currency: '$' }, /currency is "\$", but must be three letters/],
    [
      'an unknown field, with the one meant',
      of({ vcpu_hours: 1 }),
      /line 3: vcpu_hours is not known; is vcpu_hour meant/,
    ],
    ['a price below zero', of({ vcpu_hour: { price: -1, ...SEEN } }), /vcpu_hour → price is -1/],
    ['a price beyond every number', '{"currency":"USD","vcpu_hour":{"price":1e999}}', /price is null, but must be/],
    ['a price without a date', of({ dbu: { price: 1, source: 'x' } }), /line 3: dbu must have date/],
    ['a price without a source', of({ dbu: { price: 1, date: '2026-11-21' } }), /dbu must have source/],
    [
      'a day that is none',
      of({ dbu: { ...SEEN, price: 1, date: '2026-02-30' } }),
      /date is "2026-02-30", but must be a day/,
    ],
    [
      'half a core',
      of({ instance_types: { m5: { ...MACHINE, cores: 0.5 } } }),
      /m5 → cores is 0.5, but must be a whole/,
    ],
    [
      'a discount in percent',
      of({ billing: { spot: { discount: 60, ...SEEN } } }),
      /discount is 60, but must be a share/,
    ],
    [
      'a machine without a price',
      of({ billing: { executor_instance: 'm6' } }),
      /m6, which instance_types does not have/,
    ],
    ['EMR without a machine', of({ billing: { service: 'emr' } }), /name executor_instance/],
    [
      'EMR without its price',
      of({
        instance_types: { m5: { ...MACHINE, emr_hour: undefined } },
        billing: { executor_instance: 'm5', service: 'emr' },
      }),
      /no emr_hour/,
    ],
    ['Databricks without DBU', of({ ...machines, billing: { service: 'databricks' } }), /no price for dbu/],
    [
      'a machine of the driver alone',
      of({ ...machines, billing: { driver_instance: 'm5' } }),
      /no executor_instance beside/,
    ],
    [
      'an unknown platform',
      of({ clusters: { a: { platform: 'mesos' } } }),
      /clusters → a → platform is "mesos", but must be one of yarn/,
    ],
  ];
  for (const [what, book, message] of cases) it(`refuses ${what}`, () => expect(refused(book)).to.match(message));
});

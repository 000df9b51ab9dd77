import { defineSection } from '../config/section.ts';

/** What a run costs. */
export const pricesSection = defineSection({
  name: 'PRICES',
  about:
    'What computing costs, so that runs, findings and suggestions can be priced. The defaults are an example of 2026-11-21, round and ' +
    'of no provider: put in what you pay, or what your department is charged.',
  keys: {
    price_book: {
      type: 'path',
      default: '',
      about:
        'A file with prices, each with its date and source: cores and memory, machines, spot discount, surcharges of EMR and Databricks, ' +
        'by cluster. docs/prices.example.json is one to copy, docs/money.md explains it. It takes the place of the keys below.',
    },
    vcpu_hour: { type: 'number', default: '0.05', min: 0, about: 'Price of one core for an hour.' },
    gib_hour: { type: 'number', default: '0.005', min: 0, about: 'Price of one GiB of container memory for an hour.' },
    currency: { type: 'string', default: 'USD', about: 'Shown beside a price; budgets are in it.' },
  },
});

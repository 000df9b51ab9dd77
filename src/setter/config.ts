import { defineSection } from '../config/section.ts';

/** What a run costs, for `spot suggest`. */
export const pricesSection = defineSection({
  name: 'PRICES',
  about:
    'What computing costs, so that a suggestion can be priced. The defaults are an example of 2026-11-21, round and of no provider: ' +
    'put in what you pay, or what your department is charged.',
  keys: {
    vcpu_hour: { type: 'number', default: '0.05', min: 0, about: 'Price of one core for an hour.' },
    gib_hour: { type: 'number', default: '0.005', min: 0, about: 'Price of one GiB of container memory for an hour.' },
    currency: { type: 'string', default: 'USD', about: 'Shown beside a price; budgets are in it.' },
  },
});

export interface Prices {
  readonly vcpu_hour: number;
  readonly gib_hour: number;
  readonly currency: string;
}

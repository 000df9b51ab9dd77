import type { Containers } from './containers.ts';
import { machineRates, type MachinesQuestion } from './machine-rates.ts';
import type { NotMeasurable } from './measurable.ts';
import { billingOf, type PriceBook, type SpotTerms } from './price-book.ts';
import type { PayShares, Rate, Rates } from './rate.ts';

/**
 * What an hour of an executor and of the driver costs on a cluster: by the machines that its billing names, else by core and GiB.
 */
export function ratesOf(question: MachinesQuestion, cluster: string, book: PriceBook): Rates | NotMeasurable {
  const billing = billingOf(book, cluster);
  const shares = paySharesOf(billing.spot);
  return machineRates(question, billing, shares, book) ?? resourceRates(question.containers, shares, book);
}

export function paySharesOf(spot: SpotTerms | undefined): PayShares {
  if (spot === undefined) return { executor: 1, driver: 1 };
  return { executor: 1 - spot.discount * spot.executorShare, driver: spot.hasSpotDriver ? 1 - spot.discount : 1 };
}

function resourceRates(containers: Containers, shares: PayShares, book: PriceBook): Rates | NotMeasurable {
  const { vcpuHour, gibHour, name } = book;
  if (vcpuHour === undefined || gibHour === undefined)
    return { because: `${name} has no price for vcpu_hour and gib_hour, and names no machine for this cluster` };
  const rates = (mib: number, payShare: number): readonly Rate[] => [
    { ...vcpuHour, resource: 'compute', name: 'cores', unit: 'vCPU-hours', quantity: 1, per: 'core', payShare },
    {
      ...gibHour,
      resource: 'memory',
      name: 'memory',
      unit: 'GiB-hours',
      quantity: mib / 1024,
      per: 'executor',
      payShare,
    },
  ];
  return {
    executor: rates(containers.executorMib, shares.executor),
    driver: containers.isLocal ? [] : rates(containers.driverMib, shares.driver),
  };
}

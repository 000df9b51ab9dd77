import type { PlatformName } from '../spark/platform.ts';

/** When a price was looked up, and where. */
export interface Provenance {
  /** ISO-8601 day; empty where it is not told, as of the simple keys of `[PRICES]`. */
  readonly date: string;
  readonly source: string;
}

/** Amount of the book's currency for one unit. */
export interface Price extends Provenance {
  readonly price: number;
}

/** A machine that can be rented, with its list price for an hour on demand. */
export interface InstanceType extends Price {
  readonly cores: number;
  readonly memoryGib: number;
  /** What EMR charges beside the machine, for an hour. */
  readonly emrHour?: number | undefined;
  /** Databricks units that an hour of it takes. */
  readonly dbuHour?: number | undefined;
}

/** How far machines are bought on the spot market. Surcharges are never discounted. */
export interface SpotTerms extends Provenance {
  /** Share of the list price that falls away: 0.6 where a machine costs 40 %. */
  readonly discount: number;
  /** Share of the executors' time that runs on such machines. */
  readonly executorShare: number;
  readonly hasSpotDriver: boolean;
}

export const SERVICES = ['emr', 'databricks'] as const;
export type Service = (typeof SERVICES)[number];

/** How the runs of a cluster are charged: by the machines named, else by core and GiB of container memory. */
export interface Billing {
  /** Whose rules grant memory; told by `spark.master` when absent. */
  readonly platform?: PlatformName | undefined;
  readonly executorInstance?: string | undefined;
  /** The driver has such a machine for itself; when absent it takes its part of one of the executors'. */
  readonly driverInstance?: string | undefined;
  /** Whose surcharge comes on top. */
  readonly service?: Service | undefined;
  readonly spot?: SpotTerms | undefined;
}

/** What computing costs. */
export interface PriceBook {
  /** For messages: the file, or `[PRICES]`. */
  readonly name: string;
  /** The prices are nobody's: whatever is priced with them must say so. */
  readonly isExample: boolean;
  /** Shown behind an amount: `USD`. */
  readonly currency: string;
  readonly provider?: string | undefined;
  readonly region?: string | undefined;
  readonly vcpuHour?: Price | undefined;
  readonly gibHour?: Price | undefined;
  readonly instanceTypes: ReadonlyMap<string, InstanceType>;
  /** One Databricks unit. */
  readonly dbu?: Price | undefined;
  /** A machine is paid for at least so long. */
  readonly minimumBillingMs: number;
  readonly billing: Billing;
  /** In place of `billing`, by the name of the cluster. */
  readonly clusters: ReadonlyMap<string, Billing>;
}

export interface SimplePrices {
  readonly vcpu_hour: number;
  readonly gib_hour: number;
  readonly currency: string;
}

/** The book of two prices: a core and a GiB of container memory, for an hour. */
export function simplePriceBook(
  { vcpu_hour, gib_hour, currency }: SimplePrices,
  { name, isExample, date, source }: Pick<PriceBook, 'name' | 'isExample'> & Provenance,
): PriceBook {
  return {
    name,
    isExample,
    currency,
    vcpuHour: { price: vcpu_hour, date, source },
    gibHour: { price: gib_hour, date, source },
    instanceTypes: new Map(),
    minimumBillingMs: 0,
    billing: {},
    clusters: new Map(),
  };
}

/** How the runs of this cluster are charged. */
export function billingOf(book: PriceBook, cluster: string): Billing {
  return book.clusters.get(cluster) ?? book.billing;
}

/** The day of the price that was looked up first; undefined in a book without any. */
export function oldestPrice({
  vcpuHour,
  gibHour,
  dbu,
  instanceTypes,
  billing,
  clusters,
}: PriceBook): string | undefined {
  const spots = [billing, ...clusters.values()].map(({ spot }) => spot);
  const all: readonly (Provenance | undefined)[] = [vcpuHour, gibHour, dbu, ...instanceTypes.values(), ...spots];
  return all.flatMap((price) => (price?.date ? [price.date] : [])).toSorted()[0];
}

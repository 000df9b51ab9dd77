import { PLATFORM_NAMES } from '../spark/platform.ts';
import { PriceFields } from './fields.ts';
import {
  SERVICES,
  type Billing,
  type InstanceType,
  type Price,
  type PriceBook,
  type Provenance,
  type SpotTerms,
} from './price-book.ts';

const SHARE = { max: 1, wanted: 'a share from 0 to 1' };
const COUNT = { min: 1, isWhole: true, wanted: 'a whole number from 1 up' };
const MORE_THAN_NOTHING = { min: Number.MIN_VALUE, wanted: 'a number above 0' };

/**
 * Reads a price book (docs/money.md has all of its fields).
 *
 * @param name - of the file, for messages
 * @throws ConfigError `CONFIG_PRICE_BOOK` for the first thing that is wrong, with its line
 */
export function readPriceBook(text: string, name: string): PriceBook {
  const fields = PriceFields.parse(name, text);
  const instanceTypes = mapOf(fields, 'instance_types', instanceTypeOf);
  const dbu = optional(fields, 'dbu', priceOf);
  const knows: Known = { instanceTypes, hasDbu: dbu !== undefined };
  const book: PriceBook = {
    name,
    isExample: fields.has('example') && fields.flag('example'),
    currency: fields.text('currency', { pattern: /^[A-Z]{3}$/, wanted: 'three letters such as USD' }),
    provider: fields.has('provider') ? fields.text('provider') : undefined,
    region: fields.has('region') ? fields.text('region') : undefined,
    vcpuHour: optional(fields, 'vcpu_hour', priceOf),
    gibHour: optional(fields, 'gib_hour', priceOf),
    instanceTypes,
    dbu,
    minimumBillingMs: fields.has('minimum_billing_seconds') ? fields.number('minimum_billing_seconds') * 1000 : 0,
    billing: optional(fields, 'billing', (billing) => billingOf(billing, knows)) ?? {},
    clusters: mapOf(fields, 'clusters', (billing) => billingOf(billing, knows)),
  };
  fields.done();
  return book;
}

interface Known {
  readonly instanceTypes: ReadonlyMap<string, InstanceType>;
  readonly hasDbu: boolean;
}

function provenanceOf(fields: PriceFields): Provenance {
  return { date: fields.day('date'), source: fields.text('source', { wanted: 'where the price was found' }) };
}

function priceOf(fields: PriceFields): Price {
  return { price: fields.number('price'), ...provenanceOf(fields) };
}

function instanceTypeOf(fields: PriceFields): InstanceType {
  return {
    cores: fields.number('cores', COUNT),
    memoryGib: fields.number('memory_gib', MORE_THAN_NOTHING),
    emrHour: fields.has('emr_hour') ? fields.number('emr_hour') : undefined,
    dbuHour: fields.has('dbu_hour') ? fields.number('dbu_hour') : undefined,
    ...priceOf(fields),
  };
}

function billingOf(fields: PriceFields, knows: Known): Billing {
  const billing: Billing = {
    platform: fields.has('platform') ? fields.word('platform', PLATFORM_NAMES) : undefined,
    executorInstance: instanceOf(fields, 'executor_instance', knows),
    driverInstance: instanceOf(fields, 'driver_instance', knows),
    service: fields.has('service') ? fields.word('service', SERVICES) : undefined,
    spot: optional(fields, 'spot', spotOf),
  };
  if (billing.executorInstance === undefined) {
    // A cluster of Databricks names its own machines.
    if (billing.service === 'emr') fields.refuse('service', 'is emr, which charges by machine: name executor_instance');
    if (billing.driverInstance !== undefined && billing.service !== 'databricks')
      fields.refuse('driver_instance', 'has no executor_instance beside it');
  }
  if (billing.service === 'databricks' && !knows.hasDbu)
    fields.refuse('service', 'is databricks, but the price book has no price for dbu');
  for (const field of ['executor_instance', 'driver_instance'] as const) {
    const type = field === 'executor_instance' ? billing.executorInstance : billing.driverInstance;
    const instance = type === undefined ? undefined : knows.instanceTypes.get(type);
    if (instance === undefined || type === undefined) continue;
    if (billing.service === 'emr' && instance.emrHour === undefined)
      fields.refuse(field, `is ${type}, for which the price book has no emr_hour`);
    if (billing.service === 'databricks' && instance.dbuHour === undefined)
      fields.refuse(field, `is ${type}, for which the price book has no dbu_hour`);
  }
  return billing;
}

function instanceOf(fields: PriceFields, field: string, { instanceTypes }: Known): string | undefined {
  if (!fields.has(field)) return undefined;
  const type = fields.text(field);
  return instanceTypes.has(type) ? type : fields.refuse(field, `is ${type}, which instance_types does not have`);
}

function spotOf(fields: PriceFields): SpotTerms {
  return {
    discount: fields.number('discount', SHARE),
    executorShare: fields.has('executor_share') ? fields.number('executor_share', SHARE) : 1,
    hasSpotDriver: fields.has('driver') && fields.flag('driver'),
    ...provenanceOf(fields),
  };
}

function optional<T>(fields: PriceFields, field: string, read: (fields: PriceFields) => T): T | undefined {
  return fields.has(field) ? whole(fields.object(field), read) : undefined;
}

function mapOf<T>(fields: PriceFields, field: string, read: (fields: PriceFields) => T): ReadonlyMap<string, T> {
  if (!fields.has(field)) return new Map();
  const object = fields.object(field);
  return new Map(object.names().map((name) => [name, whole(object.object(name), read)]));
}

function whole<T>(fields: PriceFields, read: (fields: PriceFields) => T): T {
  const value = read(fields);
  fields.done();
  return value;
}

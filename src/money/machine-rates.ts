import { PLATFORMS } from '../spark/platform.ts';
import type { Containers, DocumentProperties } from './containers.ts';
import { isNotMeasurable, type NotMeasurable } from './measurable.ts';
import type { Billing, InstanceType, PriceBook } from './price-book.ts';
import type { PayShares, Rate, Rates } from './rate.ts';

export interface MachinesQuestion {
  readonly containers: Containers;
  /** Cores of the smallest and of the largest executor. */
  readonly coresEach: { readonly min: number; readonly max: number };
  /** They name the machines of a cluster of Databricks. */
  readonly properties: DocumentProperties;
}

interface Machine extends InstanceType {
  readonly type: string;
}

/**
 * What an hour costs where whole machines are paid.
 *
 * As many executors share a machine as fit by cores and by the memory that its platform gives to containers; what is left over is paid
 * with them. A worker of Databricks has one executor. A driver has its machine for itself when one is named for it, else its part of
 * one of the executors'.
 *
 * @returns undefined when no machine is named
 */
export function machineRates(
  question: MachinesQuestion,
  billing: Billing,
  shares: PayShares,
  book: PriceBook,
): Rates | NotMeasurable | undefined {
  const { containers, coresEach } = question;
  const types = typesOf(question.properties, billing);
  if (types.executor === undefined) return undefined;
  const machine = machineOf(types.executor, book);
  if (isNotMeasurable(machine)) return machine;
  const driverMachine = types.driver === undefined ? machine : machineOf(types.driver, book);
  if (isNotMeasurable(driverMachine)) return driverMachine;

  if (coresEach.min !== coresEach.max) {
    const cores = `${coresEach.min} to ${coresEach.max} cores`;
    return { because: `its executors have ${cores}, so the part of a ${machine.type} that each takes differs` };
  }
  const part = partOf(machine, { cores: coresEach.max, mib: containers.executorMib }, containers);
  if (typeof part !== 'number') return part;
  const executor = ratesFor(machine, part, shares.executor, billing, book);
  if (isNotMeasurable(executor)) return executor;
  if (containers.isLocal) return { executor, driver: [] };

  const own = types.driver !== undefined;
  const driverPart = own
    ? 1
    : partOf(machine, { cores: containers.driverCores, mib: containers.driverMib }, containers);
  if (typeof driverPart !== 'number') return driverPart;
  const driver = ratesFor(driverMachine, driverPart, shares.driver, billing, book);
  return isNotMeasurable(driver) ? driver : { executor, driver };
}

/** What a whole machine of the executors costs for an hour, with surcharge; undefined when none is named. */
export function wholeMachinePrice(
  properties: DocumentProperties,
  billing: Billing,
  shares: PayShares,
  book: PriceBook,
): { readonly type: string; readonly perHour: number } | NotMeasurable | undefined {
  const { executor: type } = typesOf(properties, billing);
  if (type === undefined) return undefined;
  const machine = machineOf(type, book);
  const rates = isNotMeasurable(machine) ? machine : ratesFor(machine, 1, shares.executor, billing, book);
  if (isNotMeasurable(rates)) return rates;
  return { type, perHour: rates.reduce((sum, { quantity, price, payShare }) => sum + quantity * price * payShare, 0) };
}

/**
 * As the price book names them, else as a cluster of Databricks names its own.
 *
 * @see https://github.com/NVIDIA/spark-rapids-tools, which reads `workerNodeTypeId`; `clusterUsageTags` have them too
 */
function typesOf(properties: DocumentProperties, { executorInstance, driverInstance, service }: Billing) {
  const told = (...names: readonly string[]): string | undefined => {
    if (service !== 'databricks') return undefined;
    const values = names.map((name) => properties[`spark_databricks_${name}`]);
    return values.find((value): value is string => typeof value === 'string' && value !== '');
  };
  if (executorInstance !== undefined) return { executor: executorInstance, driver: driverInstance };
  const executor = told('workerNodeTypeId', 'clusterUsageTags_clusterNodeType');
  const driver = driverInstance ?? told('driverNodeTypeId', 'clusterUsageTags_driverNodeType') ?? executor;
  return { executor, driver };
}

function machineOf(type: string, { instanceTypes, name }: PriceBook): Machine | NotMeasurable {
  const instance = instanceTypes.get(type);
  return instance === undefined ? { because: `${name} has no instance type ${type}` } : { ...instance, type };
}

/** The part of a machine that one container takes: 1 over as many as fit. No container at all takes none. */
function partOf(
  machine: Machine,
  { cores, mib }: { readonly cores: number; readonly mib: number },
  { platform: name, isLocal }: Containers,
): number | NotMeasurable {
  if (name === 'databricks' || isLocal) return 1;
  if (cores === 0) return 0;
  const platform = PLATFORMS[name];
  // A standalone worker offers all cores of its machine; to leave one is advice for the next run, not what this one had.
  const reserved = name === 'standalone' ? 0 : platform.reservedCores;
  const fit = Math.min(
    Math.floor((machine.cores - reserved) / cores),
    Math.floor(platform.usableMib(machine.memoryGib * 1024) / mib),
  );
  if (fit >= 1) return 1 / fit;
  return { because: `a container of ${cores} cores and ${Math.round(mib)} MiB does not fit on a ${machine.type}` };
}

function ratesFor(
  { type, price, date, source, emrHour, dbuHour }: Machine,
  part: number,
  payShare: number,
  { service }: Billing,
  { dbu, name }: PriceBook,
): readonly Rate[] | NotMeasurable {
  const machine: Rate = {
    resource: 'instance',
    name: type,
    unit: 'instance-hours',
    quantity: part,
    per: 'executor',
    price,
    date,
    source,
    payShare,
  };
  switch (service) {
    case undefined:
      return [machine];
    case 'emr':
      if (emrHour === undefined) return { because: `${name} has no emr_hour for ${type}` };
      return [machine, { ...machine, resource: 'surcharge', name: `EMR on ${type}`, price: emrHour, payShare: 1 }];
    case 'databricks': {
      if (dbuHour === undefined) return { because: `${name} has no dbu_hour for ${type}` };
      if (dbu === undefined) return { because: `${name} has no price for dbu` };
      const surcharge = {
        resource: 'surcharge',
        name: `DBU of ${type}`,
        unit: 'DBU',
        per: 'executor',
        payShare: 1,
      } as const;
      return [machine, { ...dbu, ...surcharge, quantity: part * dbuHour }];
    }
  }
}

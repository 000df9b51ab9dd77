import type { Config } from '../config/read-config.ts';
import type { PriceBook } from '../money/price-book.ts';
import type { Limits } from '../setter/question.ts';
import { platformSection } from '../setter/sections.ts';
import { parseByteSize } from '../spark/byte-size.ts';
import type { Node, PlatformName } from '../spark/platform.ts';
import { ConfigError } from '../util/errors.ts';

const MIB = 2 ** 20;

/** What the command line says of the cluster; the rest is of `[PLATFORM]`. */
export interface GivenLimits {
  readonly platform?: PlatformName | undefined;
  readonly maxExecutors?: number | undefined;
  readonly nodes?: number | undefined;
  readonly nodeCores?: number | undefined;
  readonly nodeMemoryMib?: number | undefined;
  readonly instanceType?: string | undefined;
  readonly maxContainerMib?: number | undefined;
}

/**
 * What the cluster can grant: the command line, else `[PLATFORM]`.
 *
 * @throws ConfigError `CONFIG_INVALID_VALUE` for a size that is none, or a machine that the price book does not have
 */
export function platformLimits(config: Config, book: PriceBook, given: GivenLimits): Limits {
  const { settings } = config.of(platformSection);
  const nodes = given.nodes ?? settings.nodes;
  return {
    platform: given.platform ?? (settings.platform as PlatformName),
    maxExecutors: given.maxExecutors ?? settings.max_executors,
    nodes: nodes === 0 ? undefined : nodes,
    node: nodeOf(
      given.instanceType ?? (given.nodeCores === undefined ? settings.instance_type : ''),
      given.nodeCores ?? settings.node_cores,
      given.nodeMemoryMib ?? sizeMib('node_memory', settings.node_memory),
      book,
    ),
    maxContainerMib: given.maxContainerMib ?? sizeMib('max_container', settings.max_container),
  };
}

function nodeOf(instance: string, cores: number, memoryMib: number | undefined, book: PriceBook): Node | undefined {
  if (instance === '') return cores === 0 || memoryMib === undefined ? undefined : { cores, memoryMib };
  const type = book.instanceTypes.get(instance);
  if (type !== undefined) return { cores: type.cores, memoryMib: Math.floor(type.memoryGib * 1024) };
  const known = [...book.instanceTypes.keys()];
  throw new ConfigError(
    'CONFIG_INVALID_VALUE',
    `The machine ${JSON.stringify(instance)} is not in ${book.name}: ${known.length === 0 ? 'it has none, name a price_book in [PRICES]' : `it has ${known.join(', ')}`}`,
  );
}

function sizeMib(key: string, text: string): number | undefined {
  if (text === '') return undefined;
  const bytes = parseByteSize(text, 'm');
  if (bytes !== undefined && Number(bytes) > 0) return Math.floor(Number(bytes) / MIB);
  throw new ConfigError(
    'CONFIG_INVALID_VALUE',
    `[PLATFORM] ${key} is ${JSON.stringify(text)}, which is no size: write it as Spark does, 64g`,
  );
}

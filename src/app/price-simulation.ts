import type { AggregateDocument } from '../documents/documents.ts';
import { containersOf, documentProperties, withProperties } from '../money/containers.ts';
import { isNotMeasurable, type NotMeasurable } from '../money/measurable.ts';
import { billingOf, type PriceBook } from '../money/price-book.ts';
import { runCost } from '../money/run-cost.ts';
import { sizeCostOf, type SizeCost } from '../money/size-cost.ts';
import type { SimulatedPoint, Simulation } from '../simulation/simulate.ts';
import { costInShort, type CostInShort } from './price-analysis.ts';

export interface PricedPoint extends SimulatedPoint {
  /** Of the simulated duration, in the currency of {@link PricedSimulation.currency}; absent when not measurable. */
  readonly cost?: number | undefined;
}

export interface PricedSimulation extends Simulation {
  readonly points: readonly PricedPoint[];
  readonly currency: string;
  /** The prices are nobody's. */
  readonly hasExamplePrices: boolean;
  /** What the run really cost, or why it and its sizes have no price. */
  readonly cost: CostInShort | NotMeasurable;
}

/**
 * What each simulated size costs: its executors for the core time that the simulation gives them, and the driver.
 *
 * @param set - properties simulated other than they were: more memory costs more
 */
export function priceSimulation(
  simulation: Simulation,
  document: AggregateDocument,
  set: Readonly<Record<string, string>>,
  book: PriceBook,
): PricedSimulation {
  const properties = documentProperties(withProperties(document, set));
  const { cluster } = document.spot;
  const containers = containersOf(properties, billingOf(book, cluster).platform);
  const cost = runCost(document, book);
  return {
    ...simulation,
    points: simulation.points.map((point) => ({ ...point, ...priceOf(point) })),
    currency: book.currency,
    hasExamplePrices: book.isExample,
    cost: isNotMeasurable(cost) ? cost : costInShort(cost),
  };

  function priceOf({ durationMs, coreMs, coresPerExecutor }: SimulatedPoint): { readonly cost?: number } {
    const costOf: SizeCost | NotMeasurable = isNotMeasurable(containers)
      ? containers
      : sizeCostOf({ containers, coresPerExecutor, cluster, properties }, book);
    if (isNotMeasurable(costOf)) return {};
    return { cost: costOf(durationMs, { executorMs: coreMs / coresPerExecutor, executorCoreMs: coreMs }) };
  }
}

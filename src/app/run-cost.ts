import type { RunKey } from '../documents/run-key.ts';
import type { NotMeasurable } from '../money/measurable.ts';
import type { PriceBook } from '../money/price-book.ts';
import { runCost, type RunCost } from '../money/run-cost.ts';
import type { Store } from '../store/store.ts';

/** What a stored run cost. */
export async function costOfRun(
  store: Pick<Store, 'readAggregate'>,
  key: RunKey,
  book: PriceBook,
): Promise<RunCost | NotMeasurable> {
  const aggregate = await store.readAggregate(key);
  return aggregate === undefined ? { because: 'its aggregate document is not stored' } : runCost(aggregate, book);
}

import type { PriceBook, SimplePrices } from '../money/price-book.ts';

export interface Prices extends SimplePrices {
  /** Takes the place of the two prices when it is there. */
  readonly book?: PriceBook | undefined;
}

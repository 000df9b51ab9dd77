import type { PriceBook, SimplePrices } from '../money/price-book.ts';

export interface Prices extends SimplePrices {
  /** Takes the place of the two prices when it is there. */
  readonly book?: PriceBook | undefined;
  /** How its runs are charged is in the book; that of all others when absent. */
  readonly cluster?: string | undefined;
}

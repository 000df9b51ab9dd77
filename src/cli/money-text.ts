/** What stands below amounts that were made with nobody's prices. */
export const EXAMPLE_PRICES = 'Example prices: set [PRICES] price_book to what you pay (docs/money.md).';

/** `12.34 USD`; below one with two digits that count (`0.0012 USD`). */
export function moneyText(amount: number, currency: string): string {
  return `${amountText(amount)} ${currency}`;
}

/** `up to 1.20 USD`, `0.80 – 1.20 USD`. */
export function moneyRangeText({ low, high, currency }: { low: number; high: number; currency: string }): string {
  const [from, to] = [amountText(low), amountText(high)];
  if (low <= 0 || from === SMALLEST) return `up to ${to} ${currency}`;
  return from === to ? `${to} ${currency}` : `${from} – ${to} ${currency}`;
}

const SMALLEST = '< 0.00001';

/** The amount alone, as in a column whose head names the currency. */
export function amountText(amount: number): string {
  if (amount === 0) return '0.00';
  if (Math.abs(amount) < 0.000_01) return SMALLEST;
  if (Math.abs(amount) >= 0.995) return amount.toFixed(2);
  const rounded = Number(amount.toPrecision(2));
  return rounded.toFixed(Math.max(2, 1 - Math.floor(Math.log10(Math.abs(rounded)))));
}

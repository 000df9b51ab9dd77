import { readFileSync } from 'node:fs';
import type { Config } from '../config/read-config.ts';
import { pricesSection } from '../money/config.ts';
import { simplePriceBook, type PriceBook } from '../money/price-book.ts';
import { readPriceBook } from '../money/read-price-book.ts';
import { ConfigError } from '../util/errors.ts';

const SIMPLE_KEYS = ['vcpu_hour', 'gib_hour', 'currency'] as const;
/** When the defaults of `[PRICES]` were written down. */
const EXAMPLE_DATE = '2026-11-21';

/**
 * The prices in force: the price book that `[PRICES]` names, else its simple keys, else their defaults, which are an example.
 *
 * @throws ConfigError `CONFIG_PRICE_BOOK`, `CONFIG_INVALID_VALUE` when both a book and simple keys are given
 */
export function loadPriceBook(config: Config): PriceBook {
  const { settings, given } = config.of(pricesSection);
  const simple = SIMPLE_KEYS.filter((key) => given.has(key));
  if (settings.price_book === '') {
    const isExample = !given.has('vcpu_hour') && !given.has('gib_hour');
    const source = isExample ? 'round numbers of no provider' : config.file;
    return simplePriceBook(settings, { name: '[PRICES]', isExample, date: isExample ? EXAMPLE_DATE : '', source });
  }
  if (simple.length > 0)
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      `[PRICES] has both price_book and ${simple.join(', ')}: the book tells all prices, so keep one of the two`,
    );
  return readPriceBook(read(settings.price_book), settings.price_book);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      'CONFIG_PRICE_BOOK',
      `${file}, which [PRICES] price_book names, cannot be read: correct its path or its rights`,
      { cause },
    );
  }
}

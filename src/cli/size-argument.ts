import { InvalidArgumentError } from 'commander';
import { parseByteSize } from '../spark/byte-size.ts';
import { parseTimeSpan } from '../spark/time-span.ts';

/** `50GB`, `1.5t`, `4096m`; a bare number counts bytes. As in Spark, a GB is 2^30 bytes. */
export function parseSizeArgument(text: string): number {
  const bytes = Number(parseByteSize(text.replace(/i(?=b$)/i, ''), 'b') ?? NaN);
  if (!(bytes > 0)) throw new InvalidArgumentError('write a size such as 50GB or 512m');
  return bytes;
}

/** Memory in whole MiB: `8g`; a bare number counts MiB. */
export function parseMemoryArgument(text: string): number {
  const mib = Number(parseByteSize(text, 'm') ?? NaN) / 2 ** 20;
  if (!(mib >= 1)) throw new InvalidArgumentError('write a size of memory such as 8g or 1536m');
  return Math.floor(mib);
}

/** `15m`, `2h`, `90s`; a bare number counts minutes. Milliseconds. */
export function parseSpanArgument(text: string): number {
  const ms = Number(parseTimeSpan(text, 'm') ?? NaN);
  if (!(ms > 0)) throw new InvalidArgumentError('write a time span such as 15m, 2h or 90s');
  return ms;
}

/** A whole number from 1 up. */
export function parsePositiveCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('write a whole number from 1 up');
  return value;
}

/** A number above 0. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('write a number above 0');
  return value;
}

/** A share of one, at least a half: less confidence than a coin toss is not asked for. */
export function parseConfidence(text: string): number {
  const value = Number(text);
  if (!(value >= 0.5 && value <= 0.995)) throw new InvalidArgumentError('write a share from 0.5 to 0.995, such as 0.9');
  return value;
}

/**
 * The two spellings of a time that Spot meets, both always UTC.
 *
 * A crawl converts a dozen times per stage and executor, so both are read by the place of their digits:
 * `Date.parse` is slower and forgiving, and a forgiven time is a wrong number nobody sees.
 */

const REST_LENGTH = '2026-11-21T08:04:06.819GMT'.length;
const SECONDS_LENGTH = '2026-11-21T08:04:06'.length;
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads a time of the History Server, `yyyy-MM-dd'T'HH:mm:ss.SSS'GMT'`.
 *
 * @returns milliseconds since 1970, or `undefined` for any other text
 */
export function parseRestTime(text: string): number | undefined {
  if (text.length !== REST_LENGTH || !text.endsWith('GMT') || text[SECONDS_LENGTH] !== '.') return undefined;
  const seconds = parseSeconds(text);
  const fraction = digits(text, SECONDS_LENGTH + 1, 3);
  return seconds === undefined || fraction < 0 ? undefined : seconds + fraction;
}

/** The inverse of {@link parseRestTime}, for the server's date filters: it takes no other format. */
export function formatRestTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, -1)}GMT`;
}

/**
 * Reads a time as Spot's documents spell it: ISO-8601, six fraction digits or none, `+00:00`.
 *
 * @returns milliseconds since 1970 (what the documents add below a millisecond is always zero), or `undefined` for any other text
 */
export function parseIsoTime(text: string): number | undefined {
  const seconds = parseSeconds(text);
  if (seconds === undefined) return undefined;
  if (text.length === SECONDS_LENGTH + 6) return text.endsWith('+00:00') ? seconds : undefined;
  if (text.length !== SECONDS_LENGTH + 13 || text[SECONDS_LENGTH] !== '.' || !text.endsWith('+00:00')) return undefined;
  const fraction = digits(text, SECONDS_LENGTH + 1, 6);
  return fraction < 0 ? undefined : seconds + Math.floor(fraction / 1000);
}

/** Writes a time as the original's client did: `2026-11-21T08:13:31.928000+00:00`, without fraction when it is zero. */
export function formatIsoTime(epochMs: number): string {
  return withIsoFraction(new Date(epochMs).toISOString());
}

/**
 * A time of the History Server as Spot's documents spell it.
 *
 * @returns `undefined` for a text that {@link parseRestTime} refuses
 */
export function restToIsoTime(text: string): string | undefined {
  return parseRestTime(text) === undefined ? undefined : withIsoFraction(text);
}

/** @param text - starts with `yyyy-MM-ddTHH:mm:ss.SSS` */
function withIsoFraction(text: string): string {
  const fraction = text.slice(SECONDS_LENGTH, SECONDS_LENGTH + 4);
  return `${text.slice(0, SECONDS_LENGTH)}${fraction === '.000' ? '' : `${fraction}000`}+00:00`;
}

/** Milliseconds since 1970 of a leading `yyyy-MM-ddTHH:mm:ss`. */
function parseSeconds(text: string): number | undefined {
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (year < 100 || month < 1 || day < 1 || day > (DAYS_IN_MONTH[month - 1] ?? 0)) return undefined;
  if (month === 2 && day === 29 && !isLeapYear(year)) return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** The number of `count` digits from `start`, or -1 when one of them is none. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let index = start; index < start + count; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

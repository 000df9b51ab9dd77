import { zoneMinutesOf } from './zone-names.ts';

const NUMBER = /[ \t]*(-?\d+)/y;
const MINUTE_MS = 60_000;

/**
 * A date of the list's filters, as Spark's server reads it: `2026-11-21T08:04:06.819GMT`, or the day alone.
 *
 * The zone is `GMT`, `+0100`, `GMT+01:00` or a short name such as `CEST`. Whatever does not fit the long form is taken for midnight GMT of the
 * day it starts with: JavaScript's `…Z`, `+01:00`, and seconds without a fraction among it. What follows a date is ignored,
 * and units may run over (month 13).
 *
 * @returns milliseconds since 1970, or `undefined` for a text that does not even start with a day
 * @see Spark, `core/src/main/scala/org/apache/spark/status/api/v1/SimpleDateParam.scala`, and java.text.SimpleDateFormat
 */
export function parseDate(text: string): number | undefined {
  const reader = new DateReader(text);
  const day = reader.numbers('', '-', '-');
  if (day === undefined) return undefined;
  const [year = 0, month = 0, dayOfMonth = 0] = day;
  const midnight = utc(year, month, dayOfMonth, [0, 0, 0, 0]);
  const time = reader.numbers('T', ':', ':', '.');
  const zone = time === undefined ? undefined : reader.zoneMinutes();
  return time === undefined || zone === undefined ? midnight : utc(year, month, dayOfMonth, time) - zone * MINUTE_MS;
}

/** Beyond what a Date holds it is infinite, which is later (or earlier) than any run. */
function utc(year: number, month: number, day: number, time: readonly number[]): number {
  const [hour = 0, minute = 0, second = 0, millisecond = 0] = time;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const epoch = date.setUTCHours(hour, minute, second, millisecond);
  return Number.isNaN(epoch) ? (year < 0 ? -Infinity : Infinity) : epoch;
}

class DateReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Numbers, each behind its separator; `undefined` when one is missing. */
  numbers(...separators: readonly string[]): readonly number[] | undefined {
    const numbers: number[] = [];
    for (const separator of separators) {
      if (!this.#text.startsWith(separator, this.#at)) return undefined;
      NUMBER.lastIndex = this.#at + separator.length;
      const [all, digits] = NUMBER.exec(this.#text) ?? [];
      if (all === undefined || digits === undefined) return undefined;
      this.#at = NUMBER.lastIndex;
      // Java keeps 32 bits of it.
      numbers.push(Number(BigInt.asIntN(32, BigInt(digits))));
    }
    return numbers;
  }

  zoneMinutes(): number | undefined {
    const rest = this.#text.slice(this.#at).replace(/^[ \t]+/, '');
    const greenwich = /^gmt(?:([+-])(\d{1,2}):(\d\d))?/i.exec(rest);
    if (greenwich !== null) {
      if (greenwich[1] !== undefined) return offset(greenwich[1], greenwich[2], greenwich[3]);
      return /^gmt[+-]/i.test(rest) ? undefined : 0;
    }
    const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)/.exec(rest) ?? [];
    if (sign !== undefined) return offset(sign, hours, minutes);
    return zoneMinutesOf(rest);
  }
}

function offset(sign: string, hours = '', minutes = ''): number | undefined {
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

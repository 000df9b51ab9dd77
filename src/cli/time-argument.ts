import { DateTime, Duration } from 'luxon';
import { InvalidArgumentError } from 'commander';

/**
 * A moment on the command line: `2026-11-21T08:00:00` (UTC unless it has a zone), `2026-11-21`, or how long ago
 * (`90m`, `12h`, `7d`, `4w`).
 */
export function parseMoment(text: string, now: Date): Date {
  const ago = /^(\d+)(s|m|h|d|w)$/.exec(text);
  if (ago !== null) {
    const unit = { s: 'seconds', m: 'minutes', h: 'hours', d: 'days', w: 'weeks' }[ago[2] ?? 's'] ?? 'seconds';
    return DateTime.fromJSDate(now)
      .minus(Duration.fromObject({ [unit]: Number(ago[1]) }))
      .toJSDate();
  }
  const moment = DateTime.fromISO(text, { zone: 'utc' });
  if (!moment.isValid)
    throw new InvalidArgumentError(
      `write a time such as 2026-11-21T08:00:00 (UTC unless it has a zone), a date, or how long ago: 12h, 7d`,
    );
  return moment.toJSDate();
}

/** `--limit 20`. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('write a whole number from 0 up');
  return value;
}

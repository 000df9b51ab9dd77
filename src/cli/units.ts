import { DateTime, Duration } from 'luxon';

/** Milliseconds as a person says them: `850 ms`, `12.3 s`, `4 m 05 s`, `2 h 07 m`, `3 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const { days, hours, minutes, seconds } = Duration.fromMillis(ms).shiftTo('days', 'hours', 'minutes', 'seconds');
  if (days >= 1) return `${days} d ${hours} h`;
  return hours >= 1 ? `${hours} h ${twoDigits(minutes)} m` : `${minutes} m ${twoDigits(Math.floor(seconds))} s`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes in powers of 1024: `512 B`, `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  const digits = power === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${BYTE_UNITS[power] ?? 'B'}`;
}

/** A share of one as a percentage without decimals: `83 %`. */
export function percentText(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

/** UTC to the minute: `2026-11-21 08:04`. */
export function timeText(iso: string): string {
  return DateTime.fromISO(iso, { zone: 'utc' }).toFormat('yyyy-MM-dd HH:mm');
}

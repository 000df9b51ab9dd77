/** Dr. Elephant's scale, from nothing to worst. */
export const SEVERITIES = ['none', 'low', 'moderate', 'severe', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** From which value on each severity applies. Falling values mean that small is bad. */
export interface Scale {
  readonly low: number;
  readonly moderate: number;
  readonly severe: number;
  readonly critical: number;
  readonly unit: string;
}

/** The severity of a value on a scale; a value that is no number is none. */
export function severityOf(value: number, scale: Scale): Severity {
  const falls = scale.critical < scale.low;
  const reaches = (limit: number): boolean => (falls ? value <= limit : value >= limit);
  if (reaches(scale.critical)) return 'critical';
  if (reaches(scale.severe)) return 'severe';
  if (reaches(scale.moderate)) return 'moderate';
  return reaches(scale.low) ? 'low' : 'none';
}

export function milder(a: Severity, b: Severity): Severity {
  return compareSeverity(a, b) <= 0 ? a : b;
}

export function worse(a: Severity, b: Severity): Severity {
  return compareSeverity(a, b) >= 0 ? a : b;
}

/** Negative when `a` is the milder one. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}

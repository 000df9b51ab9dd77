export const ALERT_KINDS = ['regression', 'no-new-runs', 'errors', 'parked', 'suggestion'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** What somebody is told. Holds no secret. */
export interface AlertMessage {
  /** The same for the same event however often it is sent: a receiver that remembers it sees each event once. */
  readonly dedupeKey: string;
  readonly kind: AlertKind | 'test';
  /** What it is about: `regression/north/nightly-etl`. */
  readonly subject: string;
  readonly state: 'firing' | 'recovered' | 'test';
  /** One line. */
  readonly title: string;
  /** Plain text, some lines. */
  readonly text: string;
  readonly facts: Readonly<Record<string, number | string | null>>;
  /** ISO 8601. */
  readonly at: string;
}

/** A way to tell somebody. */
export interface AlertChannel {
  /** `slack of [ALERTS team]`: for logs and ids, without secrets, and the same after a restart. */
  readonly name: string;
  /**
   * Sends once; who calls it repeats it.
   *
   * @throws IntegrationError `ALERT_UNDELIVERED` (retryable) or `ALERT_REFUSED`, without secrets; `retryAfterMs` in its details where the receiver said when
   */
  send(message: AlertMessage, options: { readonly signal: AbortSignal }): Promise<void>;
}

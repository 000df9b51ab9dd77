import { randomUUID } from 'node:crypto';
import type { AlertMessage } from '../integrations/alert-channel.ts';
import { SpotError, toError } from '../util/errors.ts';
import type { Alerts } from './open-alerts.ts';

export interface AlertTest {
  readonly channel: string;
  readonly delivered: boolean;
  /** Why not. */
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

/** Sends a message that says it is a test by every channel, once each, all at the same time. */
export async function testAlerts(
  { subscribers }: Alerts,
  now: Date,
  signal: AbortSignal,
): Promise<readonly AlertTest[]> {
  return await Promise.all(
    subscribers.map(async ({ channel }): Promise<AlertTest> => {
      const message: AlertMessage = {
        dedupeKey: randomUUID(),
        kind: 'test',
        subject: 'test',
        state: 'test',
        title: 'A test message of Spot',
        text: `spot alerts test sent it by ${channel.name}. Alerts will arrive here.`,
        facts: { channel: channel.name },
        at: now.toISOString(),
      };
      try {
        await channel.send(message, { signal });
        return { channel: channel.name, delivered: true };
      } catch (thrown) {
        signal.throwIfAborted();
        const { message: reason } = toError(thrown);
        const code = thrown instanceof SpotError ? thrown.code : 'UNEXPECTED';
        return { channel: channel.name, delivered: false, code, reason };
      }
    }),
  );
}

import type { AlertChannel } from '../alert-channel.ts';
import { postJson } from './http-post.ts';

/** Sends the message as it is, as JSON; `Idempotency-Key` holds its key for receivers that look at nothing else. */
export function webhookChannel(options: {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
}): AlertChannel {
  const { name, url, timeoutMs } = options;
  return {
    name,
    async send(message, { signal }) {
      const headers = { 'idempotency-key': message.dedupeKey };
      await postJson(url, message, { headers, signal, timeoutMs, secrets: [new URL(url).pathname] });
    },
  };
}

import { IntegrationError } from '../../util/errors.ts';
import type { AlertChannel, AlertMessage } from '../alert-channel.ts';
import { postJson } from './http-post.ts';

export interface TelegramOptions {
  readonly name: string;
  readonly apiUrl: string;
  readonly token: string;
  readonly chatId: string;
  readonly timeoutMs: number;
}

/** A message of the Bot API holds so many UTF-16 units after entities. */
const MAX_CHARACTERS = 4096;
const MARK = { firing: '🔴', recovered: '🟢', test: '⚪' } as const;

/**
 * `sendMessage` of Telegram's Bot API, as plain text: without a parse mode nothing in a name is markup.
 *
 * @see https://core.telegram.org/bots/api#sendmessage
 */
export function telegramChannel({ name, apiUrl, token, chatId, timeoutMs }: TelegramOptions): AlertChannel {
  const url = `${apiUrl.replace(/\/+$/, '')}/bot${token}/sendMessage`;
  return {
    name,
    async send(message, { signal }) {
      const body = { chat_id: chatId, text: telegramText(message), link_preview_options: { is_disabled: true } };
      const answer = await postJson(url, body, { signal, timeoutMs, secrets: [token] });
      // The API says `ok` in its body; a proxy that answers 200 with a page of its own has delivered nothing.
      if (!/^\s*\{\s*"ok"\s*:\s*true\b/.test(answer.body))
        throw new IntegrationError('ALERT_UNDELIVERED', `${new URL(url).host} did not say that it took the message`, {
          retryable: true,
        });
    },
  };
}

function telegramText({ state, title, text }: AlertMessage): string {
  const whole = `${MARK[state]} ${title}\n\n${text}`;
  if (whole.length <= MAX_CHARACTERS) return whole;
  // Half of a surrogate pair would make the whole message invalid.
  return `${whole.slice(0, MAX_CHARACTERS - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

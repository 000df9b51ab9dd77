import type { AlertChannel, AlertMessage } from '../alert-channel.ts';
import { postJson } from './http-post.ts';

/**
 * Slack's incoming webhooks, and what takes the same JSON.
 *
 * @see https://api.slack.com/messaging/webhooks (`text`), https://api.slack.com/reference/surfaces/formatting#escaping
 */
export function slackChannel(options: {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
}): AlertChannel {
  const { name, url, timeoutMs } = options;
  return {
    name,
    async send(message, { signal }) {
      await postJson(url, { text: slackText(message) }, { signal, timeoutMs, secrets: [new URL(url).pathname] });
    },
  };
}

const MARK = { firing: ':red_circle:', recovered: ':large_green_circle:', test: ':white_circle:' } as const;

function slackText({ state, title, text }: AlertMessage): string {
  // Neither a name nor an asterisk in it may end the bold line.
  return `${MARK[state]} *${escaped(title).replaceAll('*', '∗')}*\n${escaped(text)}`;
}

/** Slack's own three characters; a mention of everybody (`<!channel>`) is text then. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

import type { SettingsOf } from '../../config/section.ts';
import { ConfigError } from '../../util/errors.ts';
import { ALERT_KINDS, type AlertChannel, type AlertKind } from '../alert-channel.ts';
import type { alertsSection } from './config.ts';
import { commandWords, mailChannel } from './mail-command.ts';
import { slackChannel } from './slack.ts';
import { telegramChannel } from './telegram.ts';
import { webhookChannel } from './webhook.ts';

export type AlertSettings = SettingsOf<typeof alertsSection>;

/** A channel of a section: the same in each section that names it has its own name. */
export function openChannels(label: string, settings: AlertSettings): readonly AlertChannel[] {
  const section = label === '' ? '[ALERTS]' : `[ALERTS ${label}]`;
  const timeoutMs = settings.timeout_seconds * 1000;
  const name = (way: string): string => `${way} of ${section}`;
  const channels: AlertChannel[] = [];
  const { webhook_url, slack_url, telegram_token, telegram_chat_id, telegram_api_url, mail_command, mail_to } =
    settings;
  if (webhook_url !== '')
    channels.push(
      webhookChannel({ name: name('webhook'), url: checkedUrl(webhook_url, section, 'webhook_url'), timeoutMs }),
    );
  if (slack_url !== '')
    channels.push(slackChannel({ name: name('slack'), url: checkedUrl(slack_url, section, 'slack_url'), timeoutMs }));
  if ((telegram_token === '') !== (telegram_chat_id === ''))
    throw new ConfigError('CONFIG_ALERTS', `${section} needs both telegram_token and telegram_chat_id, or neither`);
  if (telegram_token !== '') {
    if (!/^[\w:.-]+$/.test(telegram_token))
      throw new ConfigError('CONFIG_ALERTS', `telegram_token of ${section} is no token: it looks like 123456:ABC-DEF`);
    const apiUrl = checkedUrl(telegram_api_url, section, 'telegram_api_url');
    channels.push(
      telegramChannel({ name: name('telegram'), apiUrl, token: telegram_token, chatId: telegram_chat_id, timeoutMs }),
    );
  }
  const command = commandWords(mail_command);
  if (command.length > 0) channels.push(mailChannel({ name: name('mail'), command, to: mail_to, timeoutMs }));
  return channels;
}

/** @throws ConfigError `CONFIG_ALERTS` for a word that is no kind */
export function wantedKinds(label: string, { kinds }: AlertSettings): ReadonlySet<AlertKind> {
  const unknown = kinds.find((kind) => !(ALERT_KINDS as readonly string[]).includes(kind));
  if (unknown === undefined) return new Set(kinds as readonly AlertKind[]);
  throw new ConfigError(
    'CONFIG_ALERTS',
    `kinds of [ALERTS${label === '' ? '' : ` ${label}`}] has ${JSON.stringify(unknown)}: it may have ${ALERT_KINDS.join(', ')}`,
  );
}

/** The URL is a secret, so no message shows it. */
function checkedUrl(url: string, section: string, key: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  throw new ConfigError('CONFIG_ALERTS', `${key} of ${section} is no URL that begins with https:// or http://`);
}

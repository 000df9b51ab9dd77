import { defineSection } from '../../config/section.ts';
import { ALERT_KINDS } from '../alert-channel.ts';

/** Whom the daemon tells, and when. */
export const alertsSection = defineSection({
  name: 'ALERTS',
  repeatable: true,
  about:
    'Whom spot crawl tells when a run is slower than usual, a cluster falls silent, runs cannot be read. Each section is told by every way that is set in it; without any, nobody is.',
  keys: {
    webhook_url: {
      type: 'secret',
      default: '',
      about: 'Gets each alert as a JSON object by POST; docs/alerts.md has its fields. A secret, as such URLs are.',
    },
    slack_url: {
      type: 'secret',
      default: '',
      about:
        'An incoming webhook of Slack, or of what takes the same JSON (Mattermost, Rocket.Chat, Discord with /slack).',
    },
    telegram_token: { type: 'secret', default: '', about: 'Token of a Telegram bot, with telegram_chat_id.' },
    telegram_chat_id: {
      type: 'string',
      default: '',
      about: 'The chat the bot writes to: a number, or @channelname. The bot must be a member.',
    },
    telegram_api_url: {
      type: 'url',
      default: 'https://api.telegram.org',
      about: 'Where the Bot API is: change it for a Bot API server of your own.',
    },
    mail_command: {
      type: 'string',
      default: '',
      about:
        'A local command that gets the message on its standard input, such as /usr/sbin/sendmail -t. It is started as it stands, without a shell; quotes keep words together.',
    },
    mail_to: {
      type: 'list',
      default: '',
      about:
        'Addresses, separated by commas. With it the command gets a whole mail with its headers (sendmail -t); without it the text alone.',
    },
    kinds: {
      type: 'list',
      default: ALERT_KINDS.join(','),
      about:
        'What to tell of, separated by commas: regression, no-new-runs, errors (runs that Spot itself could not make sense of), parked (runs and lists that could not be read for parked_hours), suggestion.',
    },
    no_new_runs_hours: {
      type: 'number',
      unit: 'hours',
      default: '6',
      min: 0,
      about: 'A cluster of which no run was stored for so long is told of; 0 never.',
    },
    parked_hours: {
      type: 'number',
      unit: 'hours',
      default: '24',
      min: 0,
      about: 'A run, or a list, that could not be read for so long is told of.',
    },
    cooldown_minutes: {
      type: 'number',
      unit: 'minutes',
      default: '360',
      min: 0,
      about:
        'What has been told of is not told of again for so long, however often it recovers and comes back meanwhile.',
    },
    timeout_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '15',
      min: 1,
      about: 'How long one delivery may take.',
    },
    give_up_hours: {
      type: 'number',
      unit: 'hours',
      default: '24',
      min: 0,
      about:
        'A message that cannot be delivered is tried again, more and more seldom, for so long; then the log says that it was given up.',
    },
  },
});

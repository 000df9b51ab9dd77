import { expect } from 'chai';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultsOf } from '../../../src/config/section.ts';
import type { AlertChannel, AlertMessage } from '../../../src/integrations/alert-channel.ts';
import { alertsSection } from '../../../src/integrations/alerts/config.ts';
import { commandWords } from '../../../src/integrations/alerts/mail-command.ts';
import { openChannels, wantedKinds, type AlertSettings } from '../../../src/integrations/alerts/open-channels.ts';
import { IntegrationError } from '../../../src/util/errors.ts';
import { openAlertSink } from '../../support/alert-sink.ts';

const SIGNAL = new AbortController().signal;
const TOKEN = '123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11';

const MESSAGE: AlertMessage = {
  dedupeKey: '0123abcd',
  kind: 'regression',
  subject: 'regression/north/nightly',
  state: 'firing',
  title: 'nightly <!channel> *now* & "then" \u{1F525}\r\nBcc: all@example.org',
  text: 'It took 180.0 s, 100.0 s were expected.\nIts name is <b>bold</b> $(touch /tmp/x) `id`.',
  facts: { ratio: 1.8, run: 'app-1' },
  at: '2026-11-21T08:00:00.000Z',
};

function only(settings: Partial<AlertSettings>, label = ''): AlertChannel {
  const [channel, ...others] = openChannels(label, { ...defaultsOf(alertsSection), ...settings });
  if (channel === undefined || others.length > 0) throw new Error('One channel was expected');
  return channel;
}

async function failureOf(channel: AlertChannel): Promise<IntegrationError> {
  try {
    await channel.send(MESSAGE, { signal: SIGNAL });
  } catch (error) {
    if (error instanceof IntegrationError) return error;
    throw error;
  }
  throw new Error('It was delivered');
}

describe('integrations/alerts', () => {
  it('posts the message to a webhook as it is, with its key in Idempotency-Key', async () => {
    await using sink = await openAlertSink();
    sink.answer = () => ({ status: 204 });
    await only({ webhook_url: `${sink.url}/hook?x=1` }).send(MESSAGE, { signal: SIGNAL });

    const [request] = sink.received;
    expect([request?.method, request?.path]).to.deep.equal(['POST', '/hook?x=1']);
    expect(request?.headers['content-type']).to.equal('application/json; charset=utf-8');
    expect(request?.headers['idempotency-key']).to.equal('0123abcd');
    expect(JSON.parse(request?.body ?? '')).to.deep.equal(MESSAGE);
  });

  it('writes to Slack as its documentation asks: `text`, with &, < and > escaped, so that nobody is called by a name', async () => {
    await using sink = await openAlertSink();
    sink.answer = () => ({ status: 200, body: 'ok' });
    await only({ slack_url: `${sink.url}/services/T0/B0/secret` }).send(MESSAGE, { signal: SIGNAL });

    const body = JSON.parse(sink.received[0]?.body ?? '') as { text: string };
    expect(Object.keys(body)).to.deep.equal(['text']);
    expect(body.text).to.include('nightly &lt;!channel&gt; ∗now∗ &amp; "then"');
    expect(body.text).not.to.match(/<|>/);
  });

  it('writes to Telegram as the Bot API asks: sendMessage of the bot, chat_id, plain text of at most 4096 characters', async () => {
    await using sink = await openAlertSink();
    const settings = { telegram_api_url: sink.url, telegram_token: TOKEN, telegram_chat_id: '-100200300' };
    const channel = only(settings);
    await channel.send(MESSAGE, { signal: SIGNAL });
    await channel.send({ ...MESSAGE, text: '\u{1F525}'.repeat(4000) }, { signal: SIGNAL });

    const [first, second] = sink.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(sink.received[0]?.path).to.equal(`/bot${TOKEN}/sendMessage`);
    expect(first).to.deep.include({ chat_id: '-100200300', link_preview_options: { is_disabled: true } });
    expect(first).not.to.have.property('parse_mode');
    expect(first?.['text']).to.include('<b>bold</b>');
    expect((second?.['text'] as string).length).to.be.at.most(4096);
    expect((second?.['text'] as string).isWellFormed()).to.equal(true);
  });

  it('takes a page that a proxy sends in place of Telegram for no delivery', async () => {
    await using sink = await openAlertSink();
    sink.answer = () => ({ status: 200, body: '<html>Please log in</html>' });
    const error = await failureOf(only({ telegram_api_url: sink.url, telegram_token: TOKEN, telegram_chat_id: '1' }));

    expect([error.code, error.retryable]).to.deep.equal(['ALERT_UNDELIVERED', true]);
  });

  it('tells what may be repeated from what was refused, and hears when to come back', async () => {
    await using sink = await openAlertSink();
    const channel = only({ webhook_url: sink.url });
    const answers = [
      { status: 503, headers: { 'retry-after': '7' } },
      { status: 429, body: '{"ok":false,"error_code":429,"parameters":{"retry_after":3}}' },
      { status: 403, body: 'invalid_token' },
      { status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere' } },
    ];
    sink.answer = (_request, n) => answers[n];
    const errors = [];
    for (const _ of answers) errors.push(await failureOf(channel));

    expect(errors.map(({ code, details }) => [code, details['retryAfterMs']])).to.deep.equal([
      ['ALERT_UNDELIVERED', 7000],
      ['ALERT_UNDELIVERED', 3000],
      ['ALERT_REFUSED', undefined],
      ['ALERT_REFUSED', undefined],
    ]);
    expect(errors[2]?.message).to.match(/answered 403: invalid_token$/);
    expect(sink.received).to.have.length(4);
  });

  it('gives up one delivery after its time, and at once when nobody listens', async () => {
    await using sink = await openAlertSink();
    sink.answer = () => undefined;
    const slow = await failureOf(only({ webhook_url: sink.url, timeout_seconds: 0.1 }));
    const gone = await failureOf(only({ webhook_url: 'http://127.0.0.1:1/' }));

    expect([slow.code, gone.code]).to.deep.equal(['ALERT_UNDELIVERED', 'ALERT_UNDELIVERED']);
    expect(slow.retryable && gone.retryable).to.equal(true);
  });

  it('shows no token and no secret path in any error, though the receiver repeats them', async () => {
    await using sink = await openAlertSink();
    sink.answer = ({ path }) => ({ status: 404, body: `no such thing: ${path}` });
    const errors = [
      await failureOf(only({ telegram_api_url: sink.url, telegram_token: TOKEN, telegram_chat_id: '1' })),
      await failureOf(only({ slack_url: `${sink.url}/services/T0/B0/SECRETSECRET` })),
      await failureOf(only({ webhook_url: 'http://user:PASSWORD@127.0.0.1:1/SECRETSECRET' })),
    ];

    for (const { message, details, cause } of errors)
      expect(JSON.stringify([message, details, String(cause)])).not.to.match(/ABC-DEF|SECRETSECRET|PASSWORD/);
  });

  describe('the mail command', () => {
    let folder: string;
    let program: string;
    let output: string;

    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'spot mail-'));
      program = join(folder, 'mail program');
      output = join(folder, 'mail.txt');
      writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$#" "$@" > "$0.args"\nenv > "$0.env"\ncat > "$1"\n');
      chmodSync(program, 0o755);
    });

    after(() => {
      rmSync(folder, { recursive: true });
    });

    it('gets a mail with headers that a title cannot add to, and no shell sees a word of it', async () => {
      const command = `"${program}" "${output}" '$(id)' a;b`;
      await only({ mail_command: command, mail_to: ['ops@example.org', 'b@example.org'] }).send(MESSAGE, {
        signal: SIGNAL,
      });

      const [head = '', body = ''] = readFileSync(output, 'utf8').split('\n\n');
      const headers = head.replaceAll(/\n /g, ' ').split('\n');
      expect(headers.map((line) => line.split(':')[0])).to.deep.equal([
        'To',
        'Subject',
        'Date',
        'Message-ID',
        'MIME-Version',
        'Content-Type',
        'Content-Transfer-Encoding',
      ]);
      expect(headers[0]).to.equal('To: ops@example.org, b@example.org');
      // RFC 2047: the encoded words decode to the title on one line.
      const words = [...(headers[1] ?? '').matchAll(/=\?utf-8\?B\?([^?]*)\?=/g)];
      expect(words.every(([word]) => word.length <= 75)).to.equal(true);
      expect(words.map(([, base64 = '']) => Buffer.from(base64, 'base64').toString('utf8')).join('')).to.equal(
        '[Spot] nightly <!channel> *now* & "then" \u{1F525} Bcc: all@example.org',
      );
      expect(headers[2]).to.equal('Date: Sat, 21 Nov 2026 08:00:00 +0000');
      expect(Buffer.from(body, 'base64').toString('utf8')).to.equal(MESSAGE.text);
      expect(readFileSync(`${program}.args`, 'utf8')).to.equal(`3\n${output}\n$(id)\na;b\n`);
    });

    it('gets the text alone without addresses, and nothing of the environment that configures Spot', async () => {
      process.env['SPOT_ALERTS_TELEGRAM_TOKEN'] = TOKEN;
      try {
        await only({ mail_command: `"${program}" "${output}"` }).send(MESSAGE, { signal: SIGNAL });
      } finally {
        delete process.env['SPOT_ALERTS_TELEGRAM_TOKEN'];
      }

      expect(readFileSync(output, 'utf8')).to.match(/^nightly .* Bcc: all@example.org\n\nIt took/);
      expect(readFileSync(`${program}.env`, 'utf8')).not.to.include(TOKEN);
    });

    it('fails when the program does, is not there, or does not end', async () => {
      const failed = await failureOf(only({ mail_command: `/bin/sh -c "echo no relay >&2; exit 75"` }));
      const missing = await failureOf(only({ mail_command: '/nonexistent/mail' }));
      const hung = await failureOf(only({ mail_command: '/bin/sleep 30', timeout_seconds: 0.1 }));

      expect(failed.message).to.equal('The mail command /bin/sh ended with 75: no relay');
      expect(missing.message).to.include('could not be started');
      expect(hung.message).to.include('did not end within 100 ms');
      expect(
        [failed, missing, hung].every(({ code, retryable }) => code === 'ALERT_UNDELIVERED' && retryable),
      ).to.equal(true);
    });

    it('is split at blanks outside of quotes, and refused with a quote that does not end', () => {
      expect(commandWords(`/usr/sbin/sendmail -t  -f "spot at 'home'" 'a "b"'c`)).to.deep.equal([
        '/usr/sbin/sendmail',
        '-t',
        '-f',
        `spot at 'home'`,
        'a "b"c',
      ]);
      expect(() => commandWords('mail "x')).to.throw('quote');
    });
  });

  it('opens every way that a section names, each with a name of its own that holds no secret', () => {
    const settings = {
      ...defaultsOf(alertsSection),
      webhook_url: 'https://example.org/SECRET',
      slack_url: 'https://hooks.slack.com/services/SECRET',
      telegram_token: TOKEN,
      telegram_chat_id: '1',
      mail_command: 'sendmail -t',
    };

    expect(openChannels('team', settings).map(({ name }) => name)).to.deep.equal([
      'webhook of [ALERTS team]',
      'slack of [ALERTS team]',
      'telegram of [ALERTS team]',
      'mail of [ALERTS team]',
    ]);
  });

  it('refuses what is no URL, no token, half of Telegram or no kind, without showing the secret', () => {
    const refused = (settings: Partial<AlertSettings>) => () => {
      const all = { ...defaultsOf(alertsSection), ...settings };
      openChannels('', all);
      wantedKinds('', all);
    };

    expect(refused({ webhook_url: 'ftp://SECRET' }))
      .to.throw()
      .with.property('code', 'CONFIG_ALERTS');
    expect(refused({ slack_url: 'SECRET' })).to.throw(/^(?!.*SECRET)/);
    expect(refused({ telegram_token: TOKEN })).to.throw('telegram_chat_id');
    expect(refused({ telegram_token: 'a/../b', telegram_chat_id: '1' })).to.throw('no token');
    expect(refused({ kinds: ['regresion'] })).to.throw('"regresion"');
  });
});

import { spawn } from 'node:child_process';
import { ConfigError, IntegrationError } from '../../util/errors.ts';
import type { AlertChannel, AlertMessage } from '../alert-channel.ts';

export interface MailOptions {
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** With any, the program gets a mail with its headers; without, the text alone. */
  readonly to: readonly string[];
  readonly timeoutMs: number;
}

/** Hands the message to a local program on its standard input. No shell reads any of it. */
export function mailChannel({ name, command, to, timeoutMs }: MailOptions): AlertChannel {
  return {
    name,
    async send(message, { signal }) {
      await feed(command, to.length === 0 ? plainText(message) : mailText(message, to), timeoutMs, signal);
    },
  };
}

/**
 * Splits a command into words at blanks; quotes keep blanks, and nothing else is special: no variable, no pattern, no pipe.
 *
 * @throws ConfigError `CONFIG_ALERTS` for a quote without its end
 */
export function commandWords(text: string): string[] {
  const words = [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );
  if (/^(?:[^"']|"[^"]*"|'[^']*')*$/.test(text)) return words;
  throw new ConfigError('CONFIG_ALERTS', 'mail_command has a quote without its end');
}

async function feed(
  [program = '', ...args]: readonly string[],
  text: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const undelivered = (what: string): IntegrationError =>
    new IntegrationError('ALERT_UNDELIVERED', `The mail command ${program} ${what}`, { retryable: true });
  const { PATH = '/usr/bin:/bin:/usr/sbin', HOME = '/', LANG = 'C.UTF-8' } = process.env;
  const child = spawn(program, args, {
    // What configures Spot may be in the environment, and is none of the program's business.
    env: { PATH, HOME, LANG },
    shell: false,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(0, 200)));
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  stop.addEventListener('abort', kill);
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', ({ message }) => {
        reject(undelivered(`could not be started: ${message}`));
      });
      child.on('close', (code) => {
        if (code === 0) resolve();
        else if (stop.aborted) reject(undelivered(`did not end within ${timeoutMs} ms`));
        else reject(undelivered(`ended with ${String(code)}${said === '' ? '' : `: ${said.trim()}`}`));
      });
      // A program that does not read says so by its exit code.
      child.stdin.on('error', () => undefined);
      child.stdin.end(text);
    });
  } finally {
    stop.removeEventListener('abort', kill);
  }
}

function plainText({ title, text }: AlertMessage): string {
  return `${oneLine(title)}\n\n${text}\n`;
}

/** RFC 5322, with the body in base64: any text, lines of any length. */
function mailText(message: AlertMessage, to: readonly string[]): string {
  const body = Buffer.from(message.text, 'utf8').toString('base64').replaceAll(/.{76}/g, '$&\n');
  return [
    `To: ${to.map(oneLine).join(', ')}`,
    `Subject: ${headerText(`[Spot] ${message.title}`)}`,
    `Date: ${new Date(message.at).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${message.dedupeKey}@spot.invalid>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    body,
    '',
  ].join('\n');
}

/** RFC 2047 where it is not plain ASCII; in pieces, because an encoded word has at most 75 characters. */
function headerText(text: string): string {
  const line = oneLine(text);
  if (/^[\x20-\x7e]*$/.test(line)) return line;
  const pieces: string[] = [];
  let piece = '';
  for (const character of line) {
    if (Buffer.byteLength(piece + character) > 42) pieces.push(piece);
    piece = Buffer.byteLength(piece + character) > 42 ? character : piece + character;
  }
  pieces.push(piece);
  return pieces.map((part) => `=?utf-8?B?${Buffer.from(part, 'utf8').toString('base64')}?=`).join('\n ');
}

/** A name with a line end in it would begin a header of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

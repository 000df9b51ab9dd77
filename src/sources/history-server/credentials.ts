import { readFileSync } from 'node:fs';
import { ConfigError, toError } from '../../util/errors.ts';
import type { HistoryServerSettings } from './config.ts';

const REREAD_AFTER_MS = 60_000;

/** The header that opens the server, or none. */
export type CredentialHeader = readonly [name: string, value: string];
export type Credentials = () => CredentialHeader | undefined;

/**
 * Makes the credentials of the settings: basic, bearer or a header of one's own, its secret from a value or a file.
 *
 * A file is read at once and again each minute, so that a rotated secret is taken up.
 *
 * @throws ConfigError `CONFIG_INVALID_VALUE` when the settings contradict each other, `CONFIG_UNREADABLE_FILE`
 */
export function credentialsOf(settings: HistoryServerSettings, now: () => number): Credentials {
  const { username, bearer_token, bearer_token_file, auth_header_name } = settings;
  const ways = [username !== '', bearer_token !== '' || bearer_token_file !== '', auth_header_name !== ''];
  if (ways.filter(Boolean).length > 1) {
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      'username, bearer_token and auth_header_name are three ways to authenticate; give one of them',
    );
  }
  if (username !== '') {
    const password = secretOf(settings.password, settings.password_file, 'password', now);
    return () => ['authorization', `Basic ${Buffer.from(`${username}:${password()}`).toString('base64')}`];
  }
  if (bearer_token !== '' || bearer_token_file !== '') {
    const token = secretOf(bearer_token, bearer_token_file, 'bearer_token', now);
    return () => ['authorization', `Bearer ${token()}`];
  }
  if (auth_header_name !== '') {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(auth_header_name)) {
      throw new ConfigError(
        'CONFIG_INVALID_VALUE',
        `auth_header_name is ${JSON.stringify(auth_header_name)}, but must be the name of an HTTP header`,
      );
    }
    const value = secretOf(settings.auth_header_value, settings.auth_header_file, 'auth_header', now);
    return () => [auth_header_name.toLowerCase(), value()];
  }
  return () => undefined;
}

function secretOf(value: string, file: string, key: string, now: () => number): () => string {
  if (value !== '' && file !== '') {
    throw new ConfigError('CONFIG_INVALID_VALUE', `${key} is given both as a value and as a file; give one of them`);
  }
  if (file === '') {
    refuseLineBreak(value, key);
    return () => value;
  }

  let known = { secret: readSecret(file, key), readAt: now() };
  return () => {
    if (now() - known.readAt >= REREAD_AFTER_MS) {
      known = { secret: readAgain(file, key) ?? known.secret, readAt: now() };
    }
    return known.secret;
  };
}

/** A trailing line break is how editors end a file, not part of the secret. */
function readSecret(file: string, key: string): string {
  try {
    return refuseLineBreak(readFileSync(file, 'utf8').trim(), key);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      'CONFIG_UNREADABLE_FILE',
      `The file of ${key} cannot be read: ${file} (${toError(error).message})`,
      { cause: error },
    );
  }
}

/** While a file is being replaced it may be missing or empty for a moment: then the secret of before goes on. */
function readAgain(file: string, key: string): string | undefined {
  try {
    return readSecret(file, key) || undefined;
  } catch {
    return undefined;
  }
}

/** A secret goes into a header, where a line break would start another one. */
function refuseLineBreak(secret: string, key: string): string {
  if (/[\r\n\0]/.test(secret))
    throw new ConfigError('CONFIG_INVALID_VALUE', `${key} holds a line break, which no header may`);
  return secret;
}

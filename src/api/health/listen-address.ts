import { isIP, isIPv6 } from 'node:net';
import { ConfigError } from '../../util/errors.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Only this machine gets there. */
  readonly isLoopback: boolean;
}

/**
 * Reads `127.0.0.1:9464` or `[::1]:9464`.
 *
 * @returns undefined for the empty text: not listening
 * @throws ConfigError `CONFIG_INVALID_VALUE`
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text === '') return undefined;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  if (host === '' || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      `[HEALTH] listen is ${JSON.stringify(text)}, but must be HOST:PORT such as 127.0.0.1:9464 or [::1]:9464, or empty`,
    );
  }
  return { host, port, isLoopback: host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host) };
}

/**
 * Whether a request may carry this `Host` header.
 *
 * A web page that makes its own name point to this machine (DNS rebinding) still sends that name; an address can be no such name.
 */
export function isAllowedHost(header: string | undefined, allowedNames: readonly string[]): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(header ?? '') ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed);
  if (plain === undefined) return false;
  const name = plain.toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || allowedNames.some((allowed) => allowed.toLowerCase() === name);
}

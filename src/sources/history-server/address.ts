import { ConfigError } from '../../util/errors.ts';

/** Where the API of a server is, taken apart. */
export interface ApiAddress {
  readonly origin: string;
  /** Host name without port. */
  readonly host: string;
  /** Path of the API without a slash at its end: `/api/v1`, behind a gateway `/gateway/prod/history/api/v1`. */
  readonly basePath: string;
  /** The whole address, without user and password. */
  readonly text: string;
  readonly isSecure: boolean;
  /** The server runs on this machine: compressing answers would only cost time. */
  readonly isLoopback: boolean;
  /** The address of a path below the API, for people. */
  readonly url: (path: string) => string;
}

/**
 * Reads `api_base_url`: slashes at the end, a missing `/api/v1` and a `/applications` pasted along are put right.
 *
 * @throws ConfigError `CONFIG_INVALID_VALUE`
 */
export function apiAddress(apiBaseUrl: string): ApiAddress {
  const url = URL.canParse(apiBaseUrl) ? new URL(apiBaseUrl) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      'api_base_url must be an http or https address such as http://host:18080/api/v1',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      'api_base_url holds a user or password, which would show in logs; use username and password or password_file',
    );
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/\/applications$/, '');
  const basePath = path.endsWith('/api/v1') ? path : `${path}/api/v1`;
  const text = url.origin + basePath;
  return {
    origin: url.origin,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    basePath,
    text,
    isSecure: url.protocol === 'https:',
    isLoopback: /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname),
    url: (below) => text + below,
  };
}

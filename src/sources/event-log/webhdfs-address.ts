import { isIP } from 'node:net';
import { ConfigError, SourceError } from '../../util/errors.ts';
import type { HttpRequest } from './http-client.ts';

const API = '/webhdfs/v1';
const DEFAULT_PORTS: Readonly<Record<string, string>> = { webhdfs: '9870', swebhdfs: '9871' };

/**
 * Reads `webhdfs://host[:port][,host[:port]…]/path`; `swebhdfs` is the same over https.
 *
 * @returns the NameNodes as origins, and the path, which begins with `/` and ends without
 * @throws ConfigError `CONFIG_INVALID_VALUE`
 */
export function parseWebHdfsPath(path: string): {
  readonly origins: readonly [string, ...string[]];
  readonly path: string;
} {
  const match = /^(s?webhdfs):\/\/([^/]+)(\/.*)?$/i.exec(path);
  const scheme = match?.[1]?.toLowerCase() ?? '';
  const addresses = (match?.[2] ?? '').split(',').map((host) => originOf(scheme, host));
  const [first, ...others] = addresses.filter((origin) => origin !== undefined);
  if (first === undefined || others.length + 1 < addresses.length) {
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      `[EVENT_LOGS] path is ${JSON.stringify(path)}, but must be webhdfs://host:port/path`,
    );
  }
  return { origins: [first, ...others], path: `/${(match?.[3] ?? '').replace(/^\/+/, '').replace(/\/+$/, '')}` };
}

/** @param encodedPath - by {@link encodePath} */
export function nameNodePath(encodedPath: string, query: Readonly<Record<string, string>>): string {
  return `${API}${encodedPath}?${new URLSearchParams(query).toString()}`;
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/**
 * The request a NameNode sends on to one of its DataNodes, whose names only it knows.
 *
 * Any host is believed but those that no DataNode has: the metadata services of clouds, and this machine unless the
 * NameNode is on it too.
 *
 * @throws SourceError `SOURCE_REDIRECTED`
 */
export function dataNodeRequest(location: string | undefined, nameNode: string): HttpRequest {
  const from = new URL(nameNode);
  const to = location !== undefined && URL.canParse(location) ? new URL(location) : undefined;
  const refuse = (why: string): SourceError =>
    new SourceError(
      'SOURCE_REDIRECTED',
      `${nameNode} sends Spot on to ${to?.host ?? 'nowhere'}, which it does not follow: ${why}`,
      { details: { nameNode, to: to?.host } },
    );

  if (to === undefined) throw refuse('the redirect has no address');
  if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:'))
    throw refuse(`${to.protocol} is not as safe as the question was`);
  if (to.username !== '' || !to.pathname.startsWith(`${API}/`)) throw refuse('that is no address of a DataNode');
  if (isLinkLocal(to.hostname)) throw refuse('that is an address of this machine or its cloud');
  if (isLoopback(to.hostname) && !isLoopback(from.hostname)) throw refuse('that is this machine');
  return { origin: to.origin, path: to.pathname + to.search };
}

function originOf(scheme: string, host: string): string | undefined {
  const protocol = scheme === 'swebhdfs' ? 'https' : 'http';
  const address = `${protocol}://${host}`;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.username !== '' || url.hostname === '' || url.pathname !== '/') return undefined;
  // The URL drops a port that is its protocol's own, so look at what was written.
  return /:\d+$/.test(host) ? url.origin : `${url.origin}:${DEFAULT_PORTS[scheme] ?? ''}`;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname.endsWith('.localhost') || /^127\.|^0\.|^\[::1?\]$|^\[::ffff:7f/.test(hostname)
  );
}

function isLinkLocal(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return (
    (isIP(address) === 4 && address.startsWith('169.254.')) ||
    (isIP(address) === 6 && /^(fe[89ab]|::ffff:a9fe)/.test(address))
  );
}

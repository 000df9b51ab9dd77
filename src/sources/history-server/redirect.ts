import { redirectError } from './errors.ts';

const MAX_REDIRECTS = 3;

/**
 * Where a redirect leads, when Spot may go there: the same protocol, host and port, and not for ever.
 *
 * @param location - the header, absolute or relative to `from`
 * @param redirects - followed so far
 * @throws SourceError `SOURCE_REDIRECTED`
 */
export function redirectTarget(location: string, from: URL, redirects: number): URL {
  const facts = { url: from.href };
  if (!URL.canParse(location, from.href)) throw redirectError(facts, 'an address that cannot be read', 'not a URL');

  const target = new URL(location, from.href);
  // The query of a login redirect may carry a ticket; host and path are enough to recognise it.
  const shown = target.origin + target.pathname;
  if (target.origin !== from.origin)
    throw redirectError(facts, shown, 'another host, port or protocol: often a login page');
  if (redirects >= MAX_REDIRECTS) throw redirectError(facts, shown, `more than ${MAX_REDIRECTS} redirects`);
  // Parts of an address that never go over the wire, but would into an error.
  target.username = '';
  target.password = '';
  target.hash = '';
  return target;
}

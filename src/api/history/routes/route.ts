import type { RunRequest } from '../request.ts';

/** A page about one attempt of an application. */
export interface RunRoute {
  /** Parts of the path below the attempt: a word, `:name` for any word, `#name` for a whole number. */
  readonly path: readonly string[];
  /** @returns what becomes the JSON of the answer */
  readonly answer: (request: RunRequest) => Promise<unknown>;
}

/** @param path - `stages/#stageId` */
export function defineRoute(path: string, answer: (request: RunRequest) => unknown): RunRoute {
  // A thrown error becomes a rejection, whether the route waits for something or not.
  // eslint-disable-next-line @typescript-eslint/require-await -- see above
  return { path: path.split('/'), answer: async (request) => answer(request) };
}

/** @returns the named parts of the path, or `undefined` when it is another route's */
export function matchRoute(
  { path }: RunRoute,
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (path.length !== segments.length) return undefined;
  const params: [string, string][] = [];
  for (const [i, part] of path.entries()) {
    const segment = segments[i] ?? '';
    if (part.startsWith('#') ? !/^\d+$/.test(segment) : !part.startsWith(':') && part !== segment) return undefined;
    params.push([part.slice(1), segment]);
  }
  return Object.fromEntries(params);
}

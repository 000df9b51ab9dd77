import { RunRequest, type RestRequest } from './request.ts';
import { notFound, RestError } from './rest-error.ts';
import { describeApplication, describeAttempt } from './routes/application.ts';
import { listApplications } from './routes/applications.ts';
import { runRoutes } from './routes/index.ts';
import { matchRoute } from './routes/route.ts';

const API = ['api', 'v1'];

/**
 * What answers a path.
 *
 * A word behind the application's id is a page when there is one of this name, else an attempt.
 *
 * @returns what becomes the JSON of the answer
 * @throws RestError
 */
export async function answerRequest(request: RestRequest): Promise<unknown> {
  const segments = segmentsOf(request.path);
  if (API.some((part, i) => segments[i] !== part)) throw notFound(request.path);
  const [page, appId, ...rest] = segments.slice(API.length);
  if (page === 'version' && appId === undefined) return { spark: request.history.sparkVersion };
  if (page !== 'applications') throw notFound(request.path);
  if (appId === undefined) return listApplications(request);
  if (rest.length === 0) return describeApplication(request.history, appId);

  const ofRun = await answerAbout(request, { appId, attemptId: undefined }, rest);
  if (ofRun !== undefined) return ofRun;
  const [attemptId = '', ...ofAttempt] = rest;
  if (ofAttempt.length === 0) return describeAttempt(request.history, appId, attemptId);
  const answer = await answerAbout(request, { appId, attemptId }, ofAttempt);
  if (answer === undefined) throw notFound(request.path);
  return answer;
}

/** @returns `undefined` when no page has this path */
async function answerAbout(
  request: RestRequest,
  run: { readonly appId: string; readonly attemptId: string | undefined },
  segments: readonly string[],
): Promise<unknown> {
  for (const route of runRoutes) {
    const params = matchRoute(route, segments);
    if (params !== undefined) return await route.answer(new RunRequest(request, run, params));
  }
  return undefined;
}

/** Decoded; without what follows a semicolon in each, and without the slash at the end. */
function segmentsOf(path: string): string[] {
  const raw = path.split('/').slice(1);
  if (raw.at(-1) === '') raw.pop();
  return raw.map((segment) => {
    if (segment === '') throw new RestError(400, 'The path has an empty part.');
    try {
      return decodeURIComponent(segment.replace(/;.*$/s, ''));
    } catch {
      throw new RestError(400, 'The path has a percent sign that encodes nothing.');
    }
  });
}

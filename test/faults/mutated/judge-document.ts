import { isDeepStrictEqual } from 'node:util';
import { toError } from '../../../src/util/errors.ts';
import { wrongAnswerError } from '../../../src/sources/history-server/errors.ts';
import { readJson } from '../../../src/sources/history-server/json-answer.ts';
import {
  checkApplications,
  checkEnvironment,
  checkExecutors,
  checkJobs,
  checkStages,
} from '../../../src/sources/history-server/schema.ts';
import type { AttemptParts } from '../../../src/sources/run-source.ts';
import type { ApplicationInfo } from '../../../src/spark/rest.ts';
import type { RunDocuments } from '../../../src/store/store.ts';
import { stringifyJson } from '../../../src/util/lossless-json.ts';
import { type AnswerName, type DocumentBase, type DocumentCase, mapped } from './document-cases.ts';
import { documentsOf } from './documents-of.ts';
import { complaintOf, inFull, notANumberIn, type Verdict } from './verdict.ts';

const CHECKS: Readonly<Record<AnswerName, (answer: unknown) => unknown>> = {
  applications: checkApplications,
  allexecutors: checkExecutors,
  stages: checkStages,
  environment: checkEnvironment,
  jobs: checkJobs,
};
const MAX_BYTES = 16 * 1024 ** 2;
/** The key that is not as it should be; the place where the text breaks off is the parser's to tell. */
const PLACES = {
  SOURCE_WRONG_ANSWER: /(applications|allexecutors|stages|jobs|environment|\w+Properties|classpathEntries)\S* is /,
};

/** Reads the answers as Spot reads what came over the wire, from the bytes to the documents. */
export async function judgeDocument({ base, bodies, gzipped, isValid }: DocumentCase): Promise<Verdict> {
  const answers = {} as Record<AnswerName, unknown>;
  for (const [name, body] of Object.entries(bodies) as [AnswerName, Buffer][]) {
    const url = `http://localhost:18080/api/v1/applications/app/${name}`;
    try {
      answers[name] = readAnswer(name, body, gzipped.has(name), url);
    } catch (error) {
      const { code = 'UNEXPECTED' } = error as { readonly code?: string };
      const complaint = isValid ? `a valid answer is refused: ${inFull(error)}` : complaintOf(error, [url], PLACES);
      return { outcome: code, complaint };
    }
  }
  const { good, firstFault } = answers.applications as ReturnType<typeof checkApplications>;
  const [application] = good;
  if (application?.attempts[0] === undefined) {
    return {
      outcome: firstFault === undefined ? 'an empty list' : 'not listed',
      complaint: isValid ? 'not listed' : undefined,
    };
  }
  return await judgeRun(base, application, answers as unknown as AttemptParts, isValid);
}

/** An answer as the crawler gets it from the bytes that came over the wire. @throws SpotError what it would be refused with */
export function readAnswer(name: AnswerName, body: Buffer, isGzipped: boolean, url: string): unknown {
  const headers = isGzipped ? { 'content-encoding': 'gzip' } : {};
  const value = readJson({ status: 200, headers, body }, { url }, MAX_BYTES);
  try {
    return CHECKS[name](value);
  } catch (error) {
    // As the client does with what a check says.
    throw wrongAnswerError({ url }, toError(error));
  }
}

async function judgeRun(
  base: DocumentBase,
  application: ApplicationInfo,
  parts: AttemptParts,
  isValid: boolean,
): Promise<Verdict> {
  let documents: RunDocuments;
  try {
    documents = await documentsOf(application, application.attempts[0]!, parts);
  } catch (error) {
    const { code = 'UNEXPECTED' } = error as { readonly code?: string };
    const complaint = isValid
      ? `a valid run is refused: ${inFull(error)}`
      : complaintOf(error, ['The value of ', ' of '], {});
    return { outcome: code, complaint };
  }
  const nowhere = notANumberIn(documents);
  if (nowhere !== undefined) return { outcome: 'told', complaint: `a number is none at ${nowhere}` };
  const text = stringifyJson(documents);
  if (isValid && !isDeepStrictEqual(JSON.parse(text), await told(base))) {
    return { outcome: 'told', complaint: 'the same answers, written otherwise, make other documents' };
  }
  return { outcome: 'told' };
}

const toldByBase = new Map<string, unknown>();

/** What the answers as the server gave them make. */
async function told(base: DocumentBase): Promise<unknown> {
  if (!toldByBase.has(base.name)) {
    const answers = mapped(base.texts, (text) => JSON.parse(text) as unknown);
    const [application] = answers.applications as [ApplicationInfo];
    const parts = answers as unknown as AttemptParts;
    toldByBase.set(
      base.name,
      JSON.parse(stringifyJson(await documentsOf(application, application.attempts[0]!, parts))),
    );
  }
  return toldByBase.get(base.name);
}

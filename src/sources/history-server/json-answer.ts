import { gunzipSync } from 'node:zlib';
import { toError, type SourceError } from '../../util/errors.ts';
import { parseJson } from '../../util/lossless-json.ts';
import { isHtml, notJsonError, tooLargeError, truncatedError, wrongAnswerError, type RequestFacts } from './errors.ts';
import { header, type Answer } from './exchange.ts';

/** An HTML page shows itself within so many bytes. */
const HTML_LOOK_BYTES = 1024;

/**
 * The JSON of an answer, longs lossless.
 *
 * @param maxBytes - after decompression too
 * @param parse - throws a SyntaxError as `JSON.parse` does
 * @throws SourceError `SOURCE_NOT_JSON` for a web page; `SOURCE_TRUNCATED` for text that breaks off: where the server
 *   gives no length, only the parser notices
 */
export function readJson(
  answer: Answer,
  facts: RequestFacts,
  maxBytes: number,
  parse: (body: Buffer) => unknown = (body) => parseJson(body.toString()),
): unknown {
  const body = decode(answer, facts, maxBytes);
  if (isHtml(body.toString('utf8', 0, HTML_LOOK_BYTES))) throw notJsonError(facts);
  try {
    return parse(body);
  } catch (error) {
    throw truncatedError(facts, unquoted(toError(error)));
  }
}

function decode(answer: Answer, facts: RequestFacts, maxBytes: number): Buffer {
  const encoding = header(answer, 'content-encoding') ?? 'identity';
  if (encoding === 'identity') return answer.body;
  if (encoding !== 'gzip') throw wrongAnswerError(facts, new Error(`content-encoding ${encoding} was not asked for`));
  try {
    return gunzipSync(answer.body, { maxOutputLength: maxBytes });
  } catch (error) {
    throw gunzipError(toError(error), facts, maxBytes);
  }
}

function gunzipError(cause: Error, facts: RequestFacts, maxBytes: number): SourceError {
  const isOverCap = 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
  return isOverCap ? tooLargeError(facts, maxBytes) : truncatedError(facts, cause);
}

/** V8 quotes the text around the fault, which may hold a property's secret. */
function unquoted({ name, message }: Error): Error {
  const error = new Error(message.replace(/,? ?(\.\.\.)?".*$/s, '').trim());
  error.name = name;
  return error;
}

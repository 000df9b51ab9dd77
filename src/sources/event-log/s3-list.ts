import { SourceError } from '../../util/errors.ts';

export interface S3Page {
  readonly objects: readonly S3Object[];
  /** Absent on the last page. */
  readonly next?: string | undefined;
}

export interface S3Object {
  readonly key: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly etag: string;
}

/**
 * Reads a page of `ListObjectsV2`.
 *
 * @throws SourceError `SOURCE_WRONG_ANSWER`
 */
export function parseS3Page(xml: string): S3Page {
  if (!xml.includes('<ListBucketResult')) throw wrongAnswer('it is no ListBucketResult');
  const isEncoded = tag(xml, 'EncodingType') === 'url';
  // Only the head and the foot of a page tell of the page; what stands between are its objects.
  const [head = '', ...objects] = xml.split('<Contents>');
  const foot = xml.slice(xml.lastIndexOf('</Contents>') + 1);
  const isTruncated = (tag(head, 'IsTruncated') ?? tag(foot, 'IsTruncated')) === 'true';
  const next = tag(head, 'NextContinuationToken') ?? tag(foot, 'NextContinuationToken');
  if (isTruncated && next === undefined) throw wrongAnswer('it goes on, but says not where');
  return { objects: objects.map((object) => parseObject(object, isEncoded)), next: isTruncated ? next : undefined };
}

/** The code of an error document, such as `NoSuchKey`. */
export function s3ErrorCode(xml: string): string | undefined {
  return xml.includes('<Error>') ? tag(xml, 'Code') : undefined;
}

function parseObject(xml: string, isEncoded: boolean): S3Object {
  const key = tag(xml, 'Key');
  const size = Number(tag(xml, 'Size'));
  const modified = Date.parse(tag(xml, 'LastModified') ?? '');
  if (key === undefined || !Number.isSafeInteger(size) || Number.isNaN(modified))
    throw wrongAnswer('an object lacks its key, size or time');
  return { key: isEncoded ? decodeKey(key) : key, size, modified, etag: tag(xml, 'ETag') ?? '' };
}

function tag(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`);
  const end = start < 0 ? -1 : xml.indexOf(`</${name}>`, start);
  return end < 0 ? undefined : unescapeXml(xml.slice(start + name.length + 2, end));
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw wrongAnswer('a key is not encoded as it says');
  }
}

function wrongAnswer(what: string): SourceError {
  return new SourceError(
    'SOURCE_WRONG_ANSWER',
    `The answer to a listing is not in the shape of S3: ${what}; check s3_endpoint`,
  );
}

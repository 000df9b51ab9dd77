import { createGunzip, createInflateRaw } from 'node:zlib';
import type { Chunks } from './byte-window.ts';
import { damaged, truncated } from './failures.ts';
import { through } from './through.ts';

const CHUNK_SIZE = 256 * 1024;

/** Decodes gzip, also of several members one after another. */
export function decodeGzip(chunks: Chunks): AsyncGenerator<Buffer> {
  return translated('gzip', chunks, (counted) => through(createGunzip({ chunkSize: CHUNK_SIZE }), counted));
}

/** Decodes raw deflate data, as the entries of a zip hold it. */
export function inflate(chunks: Chunks): AsyncGenerator<Buffer> {
  return translated('zip', chunks, (counted) => through(createInflateRaw({ chunkSize: CHUNK_SIZE }), counted));
}

async function* translated(codec: string, chunks: Chunks, decode: (counted: Chunks) => Chunks): AsyncGenerator<Buffer> {
  let offset = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk;
      offset += chunk.length;
    }
  }
  try {
    yield* decode(counted());
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'Z_BUF_ERROR') throw truncated(codec, offset);
    if (typeof code === 'string' && code.startsWith('Z_')) throw damaged(codec, offset, code, error);
    throw error;
  }
}

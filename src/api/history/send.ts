import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { jsonChunks } from '../../util/json-stream.ts';

/** A longer answer goes out in blocks of this size, without its length being known before. */
const BLOCK_CHARACTERS = 64 * 1024;
/** A client that takes nothing for so long is gone. */
const STALLED_MS = 60_000;

const HEADERS = {
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  'X-Content-Type-Options': 'nosniff',
  // Nothing here is a page: whatever a name or a message holds, no browser runs or frames it.
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Sends JSON, never holding more of it than a block, and letting others have their turn between two. */
export async function sendJson(response: ServerResponse, value: unknown): Promise<void> {
  response.setTimeout(STALLED_MS, () => response.destroy());
  const head = { ...HEADERS, 'Content-Type': 'application/json' };
  let block = '';
  for (const chunk of jsonChunks(value)) {
    block += chunk;
    if (block.length < BLOCK_CHARACTERS) continue;
    if (!response.headersSent) response.writeHead(200, head);
    if (response.destroyed) return;
    if (response.req.method === 'HEAD') break;
    if (!response.write(block)) await drained(response);
    block = '';
    await nextTurn();
  }
  if (response.headersSent) response.end(block);
  else response.writeHead(200, { ...head, 'Content-Length': Buffer.byteLength(block) }).end(block);
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = Buffer.byteLength(text);
  response
    .writeHead(status, {
      ...HEADERS,
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': length,
      ...headers,
    })
    .end(text);
}

/** Also when the client has gone: then nothing is ever drained. */
async function drained(response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  await Promise.race([
    once(response, 'drain', { signal: gone.signal }),
    once(response, 'close', { signal: gone.signal }),
  ]).finally(() => {
    gone.abort();
  });
}

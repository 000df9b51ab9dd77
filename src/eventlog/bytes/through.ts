import type { Transform } from 'node:stream';
import type { Chunks } from './byte-window.ts';

/** What may wait decoded before the decoder is paused: the memory a bomb can take here. */
const MAX_READY_BYTES = 1024 * 1024;

/**
 * Drives a decoder of node:zlib, and gives everything it decoded before it failed, then throws its failure.
 *
 * (Node's own iterator over a stream drops what was decoded but not yet read when the stream fails, which for a log
 * that is still being written are its newest events.)
 */
export async function* through(decoder: Transform, chunks: Chunks): AsyncGenerator<Buffer> {
  const ready: Buffer[] = [];
  let readyBytes = 0;
  let failure: Error | undefined;
  let wake: () => void = () => undefined;

  decoder.on('data', (decoded: Buffer) => {
    ready.push(decoded);
    readyBytes += decoded.length;
    if (readyBytes >= MAX_READY_BYTES) decoder.pause();
    wake();
  });
  decoder.on('error', (error) => {
    failure = error;
    wake();
  });
  let ended = false;
  decoder.on('end', () => {
    ended = true;
    wake();
  });

  const hasFailed = (): boolean => failure !== undefined;

  /** Yields what is ready until `done` says that the step is over. */
  async function* untilDone(done: () => boolean): AsyncGenerator<Buffer> {
    for (;;) {
      const over = done() || hasFailed();
      while (ready.length > 0) {
        const taken = ready.splice(0);
        readyBytes = 0;
        yield* taken;
      }
      if (over) return;
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (decoder.isPaused()) decoder.resume();
      if (ready.length === 0 && !done() && !hasFailed()) await woken;
    }
  }
  try {
    for await (const chunk of chunks) {
      let written = false;
      decoder.write(chunk, () => {
        written = true;
        wake();
      });
      yield* untilDone(() => written);
      if (failure !== undefined) throw failure;
    }
    decoder.end();
    yield* untilDone(() => ended);
    if (failure !== undefined) throw failure;
  } finally {
    decoder.destroy();
  }
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

export interface CountingProxy extends AsyncDisposable {
  readonly url: string;
  readonly requests: number;
}

/** Passes GET requests on and counts them. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  let requests = 0;
  const server = createServer((incoming, outgoing) => {
    requests += 1;
    void request(target + (incoming.url ?? '')).then(async ({ statusCode, body }) => {
      const bytes = Buffer.from(await body.arrayBuffer());
      outgoing.writeHead(statusCode, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { request, type Dispatcher } from 'undici';

export interface Recorded {
  readonly path: string;
  readonly body: Buffer;
}

export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly Recorded[];
}

/** Of one connection, not of what is passed on. */
const OWN_HEADERS = ['connection', 'host', 'keep-alive', 'transfer-encoding'];

/** Passes requests on and remembers them. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const requests: Recorded[] = [];
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const path = incoming.url ?? '';
      const body = await buffer(incoming);
      requests.push({ path, body });
      const headers = without(incoming.headers, OWN_HEADERS);
      const method = incoming.method as Dispatcher.HttpMethod;
      const answer = await request(target + path, { method, headers, body: body.length > 0 ? body : null });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      outgoing.writeHead(answer.statusCode, without(answer.headers, OWN_HEADERS)).end(bytes);
    })();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

function without<T>(headers: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface SinkAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Stands for Slack, Telegram or any webhook: keeps what it gets, and answers as it is told. */
export interface AlertSink extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** Of the n-th request, from 0; `undefined` never answers. */
  answer: (request: Received, n: number) => SinkAnswer | undefined;
}

export async function openAlertSink(): Promise<AlertSink> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const got = { path: request.url ?? '', method: request.method ?? '', headers: request.headers, body };
      const answer = sink.answer(got, received.push(got) - 1);
      if (answer === undefined) return;
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body ?? '');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sink: AlertSink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: () => ({ status: 200, body: '{"ok":true,"result":{"message_id":1}}' }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return sink;
}

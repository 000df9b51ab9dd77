import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '../../../src/logging/logger.ts';
import { Connection } from '../../../src/store/elasticsearch/connection.ts';
import { settingsFor } from './test-server.ts';

/** @param request - from 1 */
export type Script = (lines: readonly string[], request: number) => { readonly status: number; readonly body: string };

/** What a real Elasticsearch cannot be made to answer on purpose: its rejections come under load, its 413 by its configuration. */
export class ScriptedElasticsearch implements AsyncDisposable {
  readonly connection: Connection;
  /** The lines of each request. */
  readonly bodies: (readonly string[])[];
  readonly #server: Server;

  private constructor(server: Server, bodies: (readonly string[])[]) {
    this.#server = server;
    this.bodies = bodies;
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    this.connection = new Connection(settingsFor(url, 'x', { compatibility: '9' }), silentLogger);
  }

  static async start(script: Script): Promise<ScriptedElasticsearch> {
    const bodies: (readonly string[])[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const lines = text.split('\n').slice(0, -1);
        bodies.push(lines);
        const { status, body } = script(lines, bodies.length);
        response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
        response.end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedElasticsearch(server, bodies);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection[Symbol.asyncDispose]();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

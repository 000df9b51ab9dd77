import { expect } from 'chai';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { HealthServer } from '../../src/api/health/health-server.ts';
import { HistoryServer } from '../../src/api/history/history-server.ts';
import { silentLogger, type LogFields, type Logger } from '../../src/logging/logger.ts';

interface Listener extends AsyncDisposable {
  readonly url: string;
}

const LISTENERS: readonly {
  readonly name: string;
  readonly listen: (logger: Logger) => Promise<Listener>;
  readonly found: string;
  readonly refusal: number;
}[] = [
  {
    name: 'health and metrics',
    listen: (logger) =>
      HealthServer.listen({
        address: { host: '127.0.0.1', port: 0, isLoopback: true },
        allowedHosts: [],
        version: '1.2.3',
        readiness: () => ({ isReady: true, problems: [] }),
        metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'a 1\n' }),
        logger,
      }),
    found: '/health/live',
    refusal: 421,
  },
  {
    name: 'spot history',
    listen: (logger) =>
      HistoryServer.listen(
        {
          sparkVersion: '4.0.1',
          applications: () => [],
          application: () => undefined,
          replay: () => Promise.resolve(undefined),
        },
        { port: 0, logger, now: () => new Date() },
      ),
    found: '/api/v1/applications',
    refusal: 403,
  },
];

/** What docs/security-asvs.md says of the two listeners, by the number of the requirement. */
for (const { name, listen, found, refusal } of LISTENERS) {
  describe(`security: the listener of ${name}`, () => {
    let server: Listener;
    let warnings: { message: string; fields: LogFields | undefined }[];

    beforeEach(async () => {
      warnings = [];
      const logger: Logger = { ...silentLogger, warn: (message, fields) => warnings.push({ message, fields }) };
      server = await listen(logger);
    });

    afterEach(() => server[Symbol.asyncDispose]());

    async function ask(
      path: string,
      options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
    ): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; body: string }> {
      return await new Promise((resolve, reject) => {
        request(server.url + path, { agent: false, ...options }, (response) => {
          text(response).then((body) => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
          }, reject);
        })
          .on('error', reject)
          .end();
      });
    }

    /** Status lines of all answers to bytes as they are. */
    async function answersTo(bytes: string): Promise<readonly string[]> {
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      socket.end(bytes);
      return (await text(socket)).match(/^HTTP\/1\.1 \d+/gm) ?? [];
    }

    it('sends with each answer, errors too, what keeps a browser from guessing, framing, caching and running it', async () => {
      const answers = [
        await ask(found),
        await ask('/%3Cscript%3Ealert(1)%3C/script%3E'),
        await ask(found, { method: 'DELETE' }),
        await ask(found, { headers: { host: 'rebound.example' } }),
      ];

      expect(answers.map(({ status }) => status)).to.deep.equal([200, 404, 405, refusal]);
      for (const { headers, body } of answers) {
        expect(headers).to.include({
          'x-content-type-options': 'nosniff',
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        });
        expect(headers['cache-control']).to.contain('no-store');
        expect(headers['content-type']).to.match(/^(application\/json|text\/plain;.*charset=utf-8)$/);
        expect(headers).to.not.have.any.keys(
          'set-cookie',
          'access-control-allow-origin',
          'server',
          'x-powered-by',
          'location',
        );
        expect(body).to.not.contain('<script>');
      }
    });

    it('gives no other origin leave to read, whatever that asks with, and follows no header of a proxy', async () => {
      const asked = { origin: 'https://evil.example', 'x-forwarded-host': 'localhost', 'x-forwarded-for': '127.0.0.1' };

      const open = await ask(found, { headers: asked });
      const refused = await ask(found, { headers: { ...asked, host: 'evil.example' } });
      const preflight = await ask(found, { method: 'OPTIONS', headers: asked });

      expect(open.headers).to.not.have.any.keys('access-control-allow-origin', 'access-control-allow-credentials');
      expect(refused.status).to.equal(refusal);
      expect(preflight.status).to.equal(405);
    });

    for (const method of ['TRACE', 'PUT', 'PATCH', 'POST']) {
      it(`refuses ${method}`, async () => {
        const { status, body } = await ask(found, { method, headers: { cookie: 'a-secret' } });

        expect(status).to.equal(405);
        expect(body).to.not.contain('a-secret');
      });
    }

    it('takes no message whose length can be read in two ways, and answers nothing that is hidden in one', async () => {
      const hidden = `GET ${found} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
      const [both, twice, bent] = [
        await answersTo(
          `POST ${found} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
        ),
        await answersTo(
          `POST ${found} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n${hidden}`,
        ),
        await answersTo(`GET ${found} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n${hidden}`),
      ];

      for (const statuses of [both, twice, bent]) {
        expect(statuses).to.have.length.at.most(1);
        for (const status of statuses) expect(status).to.match(/ (400|405)$/);
      }
    });

    it('tells the log of a question under a foreign name, once in a minute however often it comes', async () => {
      for (let time = 0; time < 20; time++) await ask(found, { headers: { host: 'rebound.example' } });

      expect(warnings).to.deep.equal([
        {
          message: 'A question under a host name that is not served was refused.',
          fields: { host: 'rebound.example', more: 0 },
        },
      ]);
    });
  });
}

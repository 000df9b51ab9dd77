import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { runSpot, spotJson } from '../support/run-spot.ts';
import { service } from '../support/services.ts';

interface Listed {
  readonly id: string;
  readonly attempts: readonly { readonly attemptId?: string; readonly completed: boolean }[];
}

/** What two crawls of the same run cannot have in common. */
function withoutMoment(document: AggregateDocument): unknown {
  const { time_processed: _time, revision: _revision, ...spot } = document.spot;
  return { ...document, spot };
}

function runOf(document: AggregateDocument): string {
  return document.attempt.attemptId === undefined ? document.id : `${document.id}/${document.attempt.attemptId}`;
}

describe('e2e: spot crawl against a real History Server', function () {
  this.timeout(180_000);
  const suffix = randomBytes(4).toString('hex');
  let folder: string;
  let historyUrl: string;
  let stores: readonly (readonly [string, readonly string[], Record<string, string>])[];

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'spot-e2e-'));
    historyUrl = service(this, 'SPOT_TEST_HISTORY_URL');
    const elasticsearchUrl = service(this, 'SPOT_TEST_ES_URL');
    const indexes = Object.fromEntries(
      ['raw', 'agg', 'err', 'detail', 'kept'].map((kind) => [
        `SPOT_ELASTICSEARCH_${kind.toUpperCase()}_INDEX`,
        `spot_${kind}_e2e_${suffix}`,
      ]),
    );
    stores = [
      ['sqlite', ['--store', `sqlite:${join(folder, 'spot.sqlite')}`], {}],
      ['elasticsearch', ['--store', `elasticsearch:${elasticsearchUrl}`], indexes],
    ];
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const source = (): Record<string, string> => ({ SPOT_SPARK_HISTORY_API_BASE_URL: historyUrl });

  /** The attempts that the server calls completed, and unfinished ones of completed applications. */
  async function listedRuns(): Promise<string[]> {
    const applications = (await (await fetch(`${historyUrl}/api/v1/applications`)).json()) as readonly Listed[];
    return applications
      .filter(({ attempts }) => attempts[0]?.completed === true)
      .flatMap(({ id, attempts }) =>
        attempts.map(({ attemptId }) => (attemptId === undefined ? id : `${id}/${attemptId}`)),
      )
      .sort();
  }

  it('stores every attempt once in each store, and the documents of both are equal', async () => {
    const expected = await listedRuns();
    const exported: unknown[] = [];

    for (const [name, store, env] of stores) {
      const crawl = await runSpot(['crawl', '--once', ...store], { ...env, ...source() });
      expect(crawl.code, `${name}: ${crawl.stderr}`).to.equal(0);
      expect(crawl.stdout, 'nothing but data on standard output').to.equal('');
      expect(crawl.stderr).to.contain(`${expected.length} runs stored, 0 could not be read`);

      const documents = (await spotJson(
        ['export', '--doc', 'agg', '--format', 'json', ...store],
        env,
      )) as AggregateDocument[];
      expect(documents.map(runOf).sort(), name).to.deep.equal(expected);
      exported.push(documents.map(withoutMoment).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))));
    }

    expect(exported[0]).to.deep.equal(exported[1]);
  });

  it('reads only what ended after --min-end-date, in both spellings, UTC unless a zone is given', async () => {
    const applications = (await (
      await fetch(`${historyUrl}/api/v1/applications?status=completed`)
    ).json()) as readonly {
      readonly attempts: readonly { readonly endTimeEpoch: number }[];
    }[];
    const moment = '2026-11-21T08:47:00';
    // The server keeps an application when any of its attempts is in the window.
    const expected = applications
      .filter(({ attempts }) => attempts.some(({ endTimeEpoch }) => endTimeEpoch >= Date.parse(`${moment}Z`)))
      .reduce((sum, { attempts }) => sum + attempts.length, 0);
    expect(expected).to.be.within(1, 9);

    for (const [index, args] of [
      ['--min-end-date', moment],
      ['--min_end_date', moment],
      ['--min-end-date', '2026-11-21T10:47:00+02:00'],
    ].entries()) {
      const store = `sqlite:${join(folder, `min-${index}.sqlite`)}`;
      const { stderr } = await runSpot(['crawl', '--once', ...args, '--store', store], source());
      expect(stderr, args.join(' ')).to.contain(`${expected} runs stored`);
    }
  });

  it('finds nothing to do the second time, and verify finds nothing missing', async () => {
    for (const [name, store, env] of stores) {
      const again = await runSpot(['crawl', '--once', ...store], { ...env, ...source() });
      expect(again.stderr, name).to.contain('0 runs stored, 0 could not be read');

      const verify = await runSpot(['verify', '--format', 'json', ...store], { ...env, ...source() });
      expect(verify.code, verify.stdout + verify.stderr).to.equal(0);
      const [report] = JSON.parse(verify.stdout) as readonly {
        readonly listed: number;
        readonly findings: readonly unknown[];
      }[];
      expect(report).to.deep.include({ listed: (await listedRuns()).length, findings: [] });
    }
  });

  it('lists, shows and counts the same from both stores', async () => {
    const answers = [];
    for (const [, store, env] of stores) {
      const rows = (await spotJson(['list', '--format', 'json', '--limit', '100', ...store], env)) as readonly {
        readonly run: string;
        readonly endTime: string;
      }[];
      const ends = rows.map(({ endTime }) => endTime);
      expect(ends).to.deep.equal([...ends].sort().reverse());
      const some = rows[0]?.run ?? '';
      const raw = (await spotJson(['show', some, '--doc', 'raw', ...store], env)) as {
        readonly attempts: readonly unknown[];
      };
      expect(raw.attempts).to.have.length(1);
      const { agg } = (await spotJson(['stats', '--format', 'json', ...store], env)) as { readonly agg: number };
      answers.push({ rows: rows.map((row) => JSON.stringify(row)).sort(), agg });
    }

    expect(answers[0]).to.deep.equal(answers[1]);
  });

  it('chooses runs by application, user, tag, time and number', async () => {
    for (const [name, store, env] of stores) {
      const list = async (...args: string[]) =>
        (await spotJson(['list', '--format', 'json', ...args, ...store], env)) as readonly {
          readonly run: string;
          readonly name: string;
          readonly tag: string;
          readonly user: string;
          readonly endTime: string;
        }[];
      const all = await list('--limit', '1000');
      const some = all[3]!;

      expect(
        (await list('--app', some.name)).every((row) => row.name === some.name),
        name,
      ).to.equal(true);
      expect(
        (await list('--tag', some.tag)).some((row) => row.run === some.run),
        name,
      ).to.equal(true);
      expect(await list('--user', 'nobody-of-this-name'), name).to.deep.equal([]);
      expect(await list('--limit', '2'), name).to.have.length(2);
      expect((await list('--since', some.endTime, '--limit', '1000')).length, name).to.equal(
        all.filter((row) => row.endTime >= some.endTime).length,
      );
    }
  });
});

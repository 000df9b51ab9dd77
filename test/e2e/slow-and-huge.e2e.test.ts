import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AggregateDocument, ErrorDocument } from '../../src/documents/documents.ts';
import { inSoak } from '../faults/scale.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { watchPeakMemory } from '../support/peak-memory.ts';
import { runSpot, spotEnded, spotJson, startSpot } from '../support/run-spot.ts';

const MEBIBYTE = 1024 * 1024;
const TOTAL_TIMEOUT_SECONDS = 4;
/** 7,000 stages; Spark keeps 1,000 of a run unless told otherwise (`spark.ui.retainedStages`). */
const HUGE = 16 * MEBIBYTE;
const OVER_THE_CAP = 200 * MEBIBYTE;
const MOST_MEMORY = 512 * MEBIBYTE;

describe('e2e: slow, hung and huge answers', function () {
  this.timeout(inSoak(1_800_000, 180_000));

  it(`R14: beside a hung, a dripping, a ${HUGE / MEBIBYTE} MiB and a 200 MiB answer the others are stored, within 512 MiB and the deadline; the huge one too`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spot-huge-'));
    const store = ['--store', `sqlite:${join(folder, 'spot.sqlite')}`];
    await using server = await FakeHistoryServer.start();
    const { application, answers } = recordedRun('smoke-wordcount');
    const good = Array.from({ length: 20 }, (_, number) => `good-${String(number).padStart(2, '0')}`);
    for (const id of [...good, 'hung', 'drips', 'huge', 'over the cap']) server.put({ ...application, id }, answers);
    const stages = JSON.parse(answers.stages) as unknown[];
    const heldMs: number[] = [];
    server.answerAll((request, response) => {
      const path = decodeURIComponent(request.url ?? '');
      if (path.includes('/hung/') || path.includes('/drips/')) {
        const askedAt = performance.now();
        response.on('close', () => heldMs.push(performance.now() - askedAt));
      }
      if (path.includes('/hung/')) return;
      if (path.includes('/drips/')) drip(response);
      else if (path.endsWith('/huge/stages')) sendRepeated(response, stages, HUGE);
      else if (path.endsWith('/over the cap/stages')) sendRepeated(response, stages, OVER_THE_CAP);
      else server.answer(request, response);
    });
    const env = {
      SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
      SPOT_SPARK_HISTORY_TOTAL_TIMEOUT_SECONDS: String(TOTAL_TIMEOUT_SECONDS),
      SPOT_SPARK_HISTORY_RETRIES: '0',
    };

    const child = startSpot(['crawl', '--once', ...store], env);
    const memory = watchPeakMemory(child.pid ?? 0);
    const { code, stderr } = await spotEnded(child);
    const peak = memory.stop();

    expect(code, stderr).to.equal(0);
    const documents = (await spotJson([
      'export',
      '--doc',
      'agg',
      '--format',
      'json',
      ...store,
    ])) as readonly AggregateDocument[];
    expect(documents.map(({ id }) => id).sort()).to.deep.equal([...good, 'huge']);
    const errors = (await spotJson([
      'export',
      '--doc',
      'err',
      '--format',
      'json',
      ...store,
    ])) as readonly ErrorDocument[];
    expect(Object.fromEntries(errors.map(({ spot }) => [spot.spark_app_id, spot.error.code]))).to.deep.equal({
      hung: 'SOURCE_TIMEOUT',
      drips: 'SOURCE_TIMEOUT',
      'over the cap': 'SOURCE_TOO_LARGE',
    });
    expect(heldMs).to.have.length.at.least(2);
    expect(Math.max(...heldMs)).to.be.below((TOTAL_TIMEOUT_SECONDS + 1) * 1000);
    expect(peak, `${Math.round(peak / MEBIBYTE)} MiB`).to.be.below(MOST_MEMORY);

    // What hangs is answered after all.
    server.answerAll(undefined);
    expect((await runSpot(['crawl', '--once', ...store], env)).stderr).to.contain('3 runs stored, 0 could not be read');
    await rm(folder, { recursive: true });
  });
});

/** A byte now and then, for ever. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const dripping = setInterval(() => response.write(' '), 200);
  response.on('close', () => {
    clearInterval(dripping);
  });
}

/** The stages again and again, until the list has so many bytes. */
function sendRepeated(response: ServerResponse, stages: readonly unknown[], bytes: number): void {
  const piece = Buffer.from(stages.map((stage) => JSON.stringify(stage)).join(','));
  response.writeHead(200, { 'content-type': 'application/json' });
  let sent = 0;
  const send = (): void => {
    while (sent < bytes) {
      const isDrained = response.write(Buffer.concat([Buffer.from(sent === 0 ? '[' : ','), piece]));
      sent += piece.length + 1;
      if (!isDrained) return;
    }
    response.off('drain', send);
    response.end(']');
  };
  response.on('drain', send);
  send();
}

import { expect } from 'chai';
import { redactDetail } from '../../src/documents/redact-detail.ts';
import type { SqlNode } from '../../src/documents/run-detail.ts';
import { createRedactor } from '../../src/util/redaction/redactor.ts';
import { syntheticRun } from '../support/synthetic-run.ts';

const SECRET = 'hunter2-S3cr3t';
const redactor = createRedactor({ hashKey: 'test' });
const redact = (detail: Parameters<typeof redactDetail>[0]) => redactDetail(detail, (value) => redactor.deep(value));

describe('documents/redact-detail', () => {
  it('leaves no trace of a secret in names, reasons, plans and properties', () => {
    const { detail } = syntheticRun({ stages: 2, tasksPerStage: 3 });
    const url = `jdbc:postgresql://db/shop?user=etl&password=${SECRET}`;
    const planted = {
      ...detail,
      jobs: detail.jobs.map((job) => ({ ...job, description: `load ${url}` })),
      stages: detail.stages.map((stage) => ({
        ...stage,
        name: `save to ${url}`,
        failureReason: `cannot reach ${url}`,
        properties: { 'spark.my.db.password': SECRET },
      })),
      sql: [
        {
          id: 0,
          description: url,
          submitted: 0,
          failed: false,
          jobIds: [],
          stageIds: [],
          plan: { name: 'Scan', description: url, metrics: {}, children: [] },
          planDescription: `Scan ${url}`,
          modifiedConfigs: { 'spark.my.api.token': SECRET },
        },
      ],
      failures: [
        {
          kind: 'exception' as const,
          className: 'E',
          example: url,
          count: 1,
          stageIds: [0],
          executors: ['1'],
          lostMs: 1,
        },
      ],
    };

    const text = JSON.stringify(redact(planted));

    expect(JSON.stringify(planted).split(SECRET).length - 1, 'the secret was really there').to.be.greaterThan(9);
    expect(text).to.not.contain(SECRET);
    expect(text).to.contain('***hmac:');
  });

  it('changes nothing of a run without secrets, and keeps the columns of its tasks as they are', () => {
    const { detail } = syntheticRun({ stages: 2, tasksPerStage: 3 });

    const kept = redact(detail);

    expect(kept).to.deep.equal(detail);
    expect(kept.stages[0]?.tasks).to.equal(detail.stages[0]?.tasks);
  });

  it('keeps a plan of 200 nodes below one another a plan, and finds the secret at its end', () => {
    const { detail } = syntheticRun({ stages: 1, tasksPerStage: 1 });
    let plan: SqlNode = { name: 'Scan', description: `jdbc:x?password=${SECRET}`, metrics: {}, children: [] };
    for (let depth = 1; depth < 200; depth += 1) {
      plan = { name: `Project ${depth}`, description: '', metrics: { rows: depth }, children: [plan] };
    }
    const sql = [
      { id: 0, description: '', submitted: 0, failed: false, jobIds: [], stageIds: [], plan, modifiedConfigs: {} },
    ];

    let node = redact({ ...detail, sql }).sql[0]?.plan;
    let depth = 1;
    for (; node?.children[0] !== undefined; depth += 1) node = node.children[0];

    expect(depth).to.equal(200);
    expect(node?.name).to.equal('Scan');
    expect(node?.description).to.match(/^jdbc:x\?password=\*\*\*hmac:/);
  });
});

import { expect } from 'chai';
import type { JobDetail } from '../../src/documents/run-detail.ts';
import { releaseRules } from '../../src/simulation/release-rules.ts';

const job = (jobId: number, submitted: number, ended: number, more: Partial<JobDetail> = {}): JobDetail => ({
  jobId,
  submitted,
  ended,
  succeeded: true,
  stageIds: [],
  ...more,
});

describe('simulation/release-rules', () => {
  it('makes a job submitted while none is active wait for all before it, 50 ms after the latest', () => {
    const { rules } = releaseRules([job(0, 10, 100), job(1, 150, 300)], 400);

    expect(rules[0]).to.deep.equal({ kind: 'start' });
    expect(rules[1]).to.deep.equal({ kind: 'after', jobs: [0], gapMs: 50, rule: 'barrier' });
  });

  it('tells two threads apart: a fork beside the first job, then each job after the one of its own lane', () => {
    const jobs = [job(0, 0, 100), job(1, 5, 300), job(2, 120, 200), job(3, 220, 400), job(4, 330, 500)];
    const { rules } = releaseRules(jobs, 500);

    expect(rules[1]).to.deep.equal({ kind: 'fork', job: 0, offsetMs: 5 });
    expect(rules[2]).to.deep.equal({ kind: 'after', jobs: [0], gapMs: 20, rule: 'lane' });
    expect(rules[3]).to.deep.equal({ kind: 'after', jobs: [2], gapMs: 20, rule: 'lane' });
    expect(rules[4]).to.deep.equal({ kind: 'after', jobs: [1], gapMs: 30, rule: 'lane' });
  });

  it('keeps both readings where two threads wait at the same time after a fork', () => {
    const { rules, alternatives } = releaseRules([job(0, 0, 100), job(1, 5, 150), job(2, 200, 300)], 300);

    expect(rules[2]).to.deep.equal({ kind: 'after', jobs: [0, 1], gapMs: 50, rule: 'barrier' });
    expect(alternatives[2]).to.deep.equal({ kind: 'after', jobs: [0], gapMs: 100, rule: 'lane' });
  });

  it('joins the jobs of one SQL execution while another thread is busy', () => {
    const own = { sqlExecutionId: 3 };
    const jobs = [job(0, 0, 1000), job(1, 10, 100, own), job(2, 10, 200, own), job(3, 230, 300, own)];
    const { rules } = releaseRules(jobs, 1000);

    expect(rules[3]).to.deep.equal({ kind: 'after', jobs: [1, 2], gapMs: 30, rule: 'chain' });
  });

  it('does the same for a job group', () => {
    const jobs = [
      job(0, 0, 1000),
      job(1, 10, 100, { jobGroup: 'a' }),
      job(2, 20, 200),
      job(3, 230, 300, { jobGroup: 'a' }),
    ];

    expect(releaseRules(jobs, 1000).rules[3]).to.deep.equal({ kind: 'after', jobs: [1], gapMs: 130, rule: 'chain' });
  });

  it('takes an open job as active until the horizon', () => {
    const open = { jobId: 0, submitted: 0, succeeded: false, stageIds: [] };

    expect(releaseRules([open, job(1, 50, 60)], 100).rules[1]).to.deep.equal({ kind: 'fork', job: 0, offsetMs: 50 });
  });
});

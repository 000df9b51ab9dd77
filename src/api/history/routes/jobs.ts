import { notFound } from '../rest-error.ts';
import { defineRoute } from './route.ts';

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'UNKNOWN'] as const;

export const jobsRoute = defineRoute('jobs', async (request) => {
  const statuses = request.query.words('status', STATUSES);
  const { jobs } = await request.run();
  return jobs.filter(({ status }) => statuses.length === 0 || statuses.includes(status));
});

export const jobRoute = defineRoute('jobs/#jobId', async (request) => {
  const id = request.id('jobId');
  const job = (await request.run()).jobs.find(({ jobId }) => jobId === id);
  if (job === undefined) throw notFound(`unknown job: ${id}`);
  return job;
});

/** The first listing of a folder of logs, as Spot does it. `node list.ts FOLDER` */
import { Spot } from '../../src/app/spot.ts';
import { measure } from '../support/child.ts';

const [folder = ''] = process.argv.slice(2);
await using spot = new Spot({
  logLevel: 'error',
  environment: { env: process.env, now: () => new Date(), random: Math.random },
});
const [source] = await spot.openEventLogs([folder], 'default');
if (source === undefined) throw new Error('no source');

await measure(async () => {
  const applications = await Array.fromAsync(source.listApplications({}));
  return { runs: applications.reduce((sum, { attempts }) => sum + attempts.length, 0) };
});

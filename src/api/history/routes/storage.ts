import { notFound } from '../rest-error.ts';
import { defineRoute } from './route.ts';

/** RDDs with a cached partition. */
export const storageRoute = defineRoute('storage/rdd', async (request) => (await request.run()).storageRdd);

/** Any persisted RDD. */
export const rddRoute = defineRoute('storage/rdd/#rddId', async (request) => {
  const id = request.id('rddId');
  const rdd = (await request.run()).history.rdds.find((one) => one.id === id);
  if (rdd === undefined) throw notFound(`no rdd found w/ id ${id}`);
  return rdd;
});

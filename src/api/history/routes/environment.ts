import { defineRoute } from './route.ts';

export const environmentRoute = defineRoute('environment', async (request) => {
  const { environment } = await request.run();
  // A log that ends before its environment: Spark's server looks for it in vain, and tells that of the application.
  if (environment === undefined) throw request.missing();
  return environment;
});

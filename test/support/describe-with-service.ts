/**
 * A suite that needs a service which `npm test` starts, named by the variable that tells where it is.
 *
 * Without the variable its tests are skipped and the reason is printed; with CI in the environment that is a failure,
 * because nobody would see that they were skipped.
 *
 * @param variable - for example `SPOT_TEST_ES_URL`
 * @param define - called with the variable's value
 */
export function describeWithService(variable: string, title: string, define: (value: string) => void): void {
  const value = process.env[variable] ?? '';
  describe(title, () => {
    if (value !== '') {
      define(value);
      return;
    }
    it(`needs ${variable}`, function () {
      const message = `${variable} is not set: run it with "npm run test:services", or start the services with "npm run services"`;
      if (process.env['CI'] !== undefined) throw new Error(message);
      console.log(`    ${message}`);
      this.skip();
    });
  });
}

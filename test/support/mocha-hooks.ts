/**
 * Hooks around the whole run: a promise rejected with nobody listening fails the run instead of being printed and forgotten.
 */
const unhandled: unknown[] = [];

process.on('unhandledRejection', (reason) => {
  unhandled.push(reason);
});

export const mochaHooks = {
  afterEach(): void {
    const [first] = unhandled.splice(0);
    if (first !== undefined) throw first instanceof Error ? first : new Error(`Unhandled rejection: ${String(first)}`);
  },
};

import { CommanderError } from 'commander';
import { createRedactor } from '../util/redaction/redactor.ts';
import { RunNotFoundError } from '../app/find-run.ts';
import { ConfigError, SourceError, SpotError, StoreError, toError } from '../util/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Output } from './output.ts';
import { createProgram } from './program.ts';

const stop = new AbortController();
const output = new Output(process.stdout, process.stderr);

/** The first signal ends cleanly, the second at once. */
function onSignal(): void {
  if (stop.signal.aborted) process.exit(EXIT.internal);
  stop.abort();
}

function exitCodeOf(error: Error): ExitCode {
  if (error instanceof ConfigError) return EXIT.config;
  if (error instanceof RunNotFoundError) return EXIT.failed;
  if (error instanceof SourceError || error instanceof StoreError) return EXIT.unavailable;
  return error instanceof SpotError ? EXIT.failed : EXIT.internal;
}

function report(thrown: unknown): void {
  // Commander has said what is wrong already, on standard error.
  if (thrown instanceof CommanderError) {
    process.exitCode = thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return;
  }
  const error = toError(thrown);
  const code = exitCodeOf(error);
  const redactor = createRedactor({ hashKey: 'errors' });
  output.note(
    error instanceof SpotError
      ? `spot: ${redactor.text(error.message)} (${error.code}, see docs/errors.md#${error.code.toLowerCase()})`
      : `spot: ${redactor.text(error.stack ?? error.message)}`,
  );
  process.exitCode = code;
}

process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
// `spot list | head` closes our output early: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.unavailable);
});

try {
  const program = createProgram({
    output,
    signal: stop.signal,
    exit: (code) => {
      process.exitCode = code;
    },
  });
  await program.parseAsync();
} catch (error) {
  report(error);
}

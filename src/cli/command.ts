import { Command, Option } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../app/logging.ts';
import { Spot } from '../app/spot.ts';
import type { ExitCode } from './exit-codes.ts';
import { FORMATS, type Format, type Output } from './output.ts';

/** What every command gets beside its own arguments. */
export interface CommandContext {
  readonly spot: Spot;
  readonly output: Output;
  /** Fires on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

export interface CommonOptions {
  readonly config?: string;
  readonly store?: string;
  readonly logging?: string;
  readonly logLevel?: LogLevel;
  readonly format: Format;
}

/** How commands reach the outside; tests give their own. */
export interface CommandHost {
  readonly output: Output;
  readonly signal: AbortSignal;
  exit(code: ExitCode): void;
}

export interface CommandSpec {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  /** Shown at the end of --help. */
  readonly examples: readonly string[];
  readonly formats?: readonly Format[];
  /** The daemon tells what it does; a command that answers, or shows its progress itself, does not log beside it. */
  readonly logsByDefault?: (options: Readonly<Record<string, unknown>>) => boolean;
}

/**
 * A command with the options that all have, its help with examples, and its result as exit code.
 *
 * @param run - gets its options, its arguments and the wired Spot; returns the exit code
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- commander's options are untyped: each command names the shape that it declares
export function defineCommand<Options extends object>(
  spec: CommandSpec,
  host: CommandHost,
  declare: (command: Command) => Command,
  run: (context: CommandContext, options: Options & CommonOptions, args: readonly string[]) => Promise<ExitCode>,
): Command {
  const formats = spec.formats ?? FORMATS;
  const command = declare(new Command(spec.name).description(spec.summary))
    .addOption(
      new Option('--config <file>', 'configuration (default: $SPOT_CONFIG, ./config.ini, /etc/spot/config.ini)'),
    )
    .addOption(new Option('--store <url>', 'sqlite:PATH or elasticsearch:URL (default: from the configuration)'))
    .addOption(new Option('--logging <file>', 'a logging.json (default: sentences on standard error)'))
    .addOption(new Option('--log-level <level>', 'what to log').choices([...LOG_LEVELS]))
    .addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  $ ${example}`).join('\n')}`);
  if (formats.length > 0) {
    command.addOption(
      new Option('--format <format>', 'how to print the answer').choices([...formats]).default(formats[0]),
    );
  }
  if (spec.alias !== undefined) command.alias(spec.alias);

  command.action(async () => {
    const options = command.opts<Options & CommonOptions>();
    await using spot = new Spot({
      config: options.config,
      store: options.store,
      logging: options.logging,
      logLevel:
        options.logLevel ??
        (options.logging === undefined && spec.logsByDefault?.(command.opts()) !== true ? 'none' : undefined),
    });
    host.exit(await run({ spot, output: host.output, signal: host.signal }, options, command.args));
  });
  return command;
}

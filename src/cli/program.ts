import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CommandHost } from './command.ts';
import { analyzeCommand } from './commands/analyze.ts';
import { backupCommand } from './commands/backup.ts';
import { collectCommand } from './commands/collect.ts';
import { costCommand } from './commands/cost.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { evaluateSearchCommand } from './commands/evaluate-search.ts';
import { simulateCommand } from './commands/simulate.ts';
import { checkCommand } from './commands/check.ts';
import { compareCommand } from './commands/compare.ts';
import { regressionsCommand } from './commands/regressions.ts';
import { alertsCommand } from './commands/alerts.ts';
import { crawlCommand } from './commands/crawl.ts';
import { fitCommand } from './commands/fit.ts';
import { predictCommand } from './commands/predict.ts';
import { exportCommand } from './commands/export.ts';
import { historyCommand } from './commands/history.ts';
import { listCommand } from './commands/list.ts';
import { pruneCommand } from './commands/prune.ts';
import { showCommand } from './commands/show.ts';
import { suggestCommand } from './commands/suggest.ts';
import { statsCommand } from './commands/stats.ts';
import { tuneCommand } from './commands/tune.ts';
import { verifyCommand } from './commands/verify.ts';

const COMMANDS = [
  crawlCommand,
  collectCommand,
  listCommand,
  showCommand,
  exportCommand,
  statsCommand,
  verifyCommand,
  doctorCommand,
  pruneCommand,
  backupCommand,
  historyCommand,
  analyzeCommand,
  costCommand,
  compareCommand,
  checkCommand,
  regressionsCommand,
  alertsCommand,
  simulateCommand,
  suggestCommand,
  tuneCommand,
  fitCommand,
  predictCommand,
  evaluateCommand,
  evaluateSearchCommand,
];

/** The whole command line, ready to parse. */
export function createProgram(host: CommandHost): Command {
  const program = new Command('spot')
    .description(
      'Spot reads every completed Apache Spark run, says what it amounted to and suggests the configuration of the next one',
    )
    .version(version(), '--version')
    .showHelpAfterError('(add --help for the options and examples)')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nStart with:\n  $ spot crawl --once     read what the History Server has\n  $ spot list             see what came of it',
    );
  for (const command of COMMANDS) program.addCommand(command(host));
  program.exitOverride();
  for (const command of program.commands) answerErrorsOf(command);
  return program;
}

/** Of a command and the commands in it: an error is thrown, not the end of the process. */
function answerErrorsOf(command: Command): void {
  command.exitOverride().showHelpAfterError('(add --help for the options and examples)');
  for (const inner of command.commands) answerErrorsOf(inner);
}

function version(): string {
  const packageFile = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return packageFile.version;
}

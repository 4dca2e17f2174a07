#!/usr/bin/env node
// shoal.ts: the command line: commands, their options, and what each ends with. A command's own code is loaded when it is called.
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { errorText } from './output/errors.ts';
import { EXIT, type ExitCode, exitCodeOf } from './output/exit-codes.ts';
import { processScreen } from './output/screen.ts';
import { version } from './version.ts';

const screen = processScreen();

/** Whoever reads our output has gone (`| head`): the same as Ctrl-C. */
for (const stream of [process.stdout, process.stderr]) {
  stream.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stream.on('error', () => {});
    if (!process.emit('SIGINT')) process.exit(EXIT.done);
  });
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It takes a whole number from 1 on.');
}

const collect = (text: string, list: readonly string[] = []): readonly string[] => [...list, text];

/** Runs a command's function; errors become text and an exit code. */
function action<A extends unknown[]>(run: (...input: A) => Promise<ExitCode>): (...input: A) => Promise<void> {
  return async (...input) => {
    try {
      process.exitCode = await run(...input);
    } catch (error) {
      const { verbose = false } = input.find((part) => part instanceof Command)?.opts() ?? {};
      screen.err(errorText(error, screen.errColors, verbose));
      process.exitCode = exitCodeOf(error);
    }
  };
}

const program = new Command('shoal')
  .description('Train neural networks on the CPUs you have.')
  .version(version, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print what a command takes')
  .helpCommand(false)
  .showHelpAfterError('(--help tells what there is)')
  .exitOverride()
  .addHelpText('after', '\nFor example:  npx shoal train examples/digits.json');

const command = (usage: string, description: string): Command =>
  program.command(usage).description(description).option('--verbose', 'print stack traces of errors');

const jobOptions = (of: Command): Command =>
  of
    .option('--threads <n>', 'threads that compute (default: as many as the machine runs at once)', positive)
    .option('--epochs <n>', "instead of the job's")
    .option('--batch <n>', "instead of the job's")
    .option('--lr <rate>', "instead of the job's learning rate")
    .option('--seed <n>', "instead of the job's")
    .option(
      '--set <key=value>',
      'change any key of the job, as in optimizer.config.momentum=0.9 (repeatable)',
      collect,
    );

jobOptions(command('train', 'train a job').argument('[job]', 'its file, for example examples/digits.json'))
  .option('--resume <run>', 'go on with a run, from its newest checkpoint: its folder, for example runs/digits')
  .option('--json', 'print events as lines of JSON on stdout, and nothing else there')
  .option('--dry-run', 'print the plan, try a few batches of everything, save nothing')
  .option('--out <dir>', 'the folder that the run is put in (default: runs)')
  .action(action(async (job, options, _) => (await import('./commands/train.ts')).trainCommand(job, options, screen)));

command('eval', 'measure a run on held-out data')
  .argument('<run>', 'its folder, for example runs/digits')
  .option('--threads <n>', 'threads that compute', positive)
  .option('--json', 'print one line of JSON')
  .action(action(async (run, options, _) => (await import('./commands/eval.ts')).evalCommand(run, options, screen)));

command('predict', "apply a run's model to files")
  .argument('<run>', 'its folder, for example runs/digits')
  .argument('<file...>', 'images (.png, .jpg), or arrays (.npy, .json)')
  .option('--json', 'print a line of JSON for each sample')
  .action(
    action(async (run, files, options, _) =>
      (await import('./commands/predict.ts')).predictCommand(run, files, options, screen),
    ),
  );

jobOptions(
  command('summary', "print a job's layers, shapes, parameters, memory and work").argument('<job>', 'its file'),
)
  .option('--json', 'print one line of JSON')
  .action(
    action(async (job, options, _) => (await import('./commands/summary.ts')).summaryCommand(job, options, screen)),
  );

command('doctor', 'tell what this machine and this Node can do, and what would make training faster')
  .option('--json', 'print one line of JSON')
  .action(action(async (options, _) => (await import('./commands/doctor.ts')).doctorCommand(options, screen)));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // commander has printed what there is to say
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}

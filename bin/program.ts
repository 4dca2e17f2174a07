// program.ts: the command line as a whole: its groups of commands, and what it ends with. A command's own code is loaded when it is called.
import { Command, CommanderError } from 'commander';
import { addDataCommands } from './groups/data-commands.ts';
import { addLaunchCommands } from './groups/launch-commands.ts';
import { addModelCommands } from './groups/model-commands.ts';
import { addRunCommands } from './groups/run-commands.ts';
import { addTensorflowCommands } from './groups/tensorflow-commands.ts';
import { EXIT } from './output/exit-codes.ts';
import { watchOutput } from './output/full.ts';
import { processScreen } from './output/screen.ts';
import { registrar } from './registrar.ts';
import { version } from './version.ts';

const screen = processScreen();
const outputFailed = watchOutput(screen);
const { red, bold } = screen.errColors;

const program = new Command('shoal')
  .description('Train neural networks on the CPUs you have.')
  .version(version, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print what a command takes')
  .helpCommand(false)
  .showHelpAfterError('(--help tells what there is)')
  .exitOverride()
  // what commander finds wrong, as all else is told
  .configureOutput({
    outputError: (text, write) => write(text.replace(/^error:/, `${red(bold('error SHOAL_USAGE'))}:`)),
  })
  .addHelpText('after', '\nFor example:  npx shoal train examples/digits.json');

const top = registrar(program, screen);
addModelCommands(top);
addRunCommands(top);
addLaunchCommands(top);
addDataCommands(registrar(top.command('data', 'prepare, check and look at datasets'), screen));
addTensorflowCommands(registrar(top.command('tensorflow', 'the executor tensorflow: make it work here'), screen));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // commander has printed what there is to say
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
if (outputFailed()) process.exitCode = EXIT.failed;

#!/usr/bin/env node
// shoal.ts: the command line: commands, their options, and what each ends with. A command's own code is loaded when it is called.
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { addDataCommands } from './data-commands.ts';
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

function atLeastZero(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('It takes a number from 0 on.');
}

function above0(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It takes a number above 0.');
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

/** What changes a job. */
const changes = (of: Command): Command =>
  of
    .option('--epochs <n>', "instead of the job's")
    .option('--batch <n>', "instead of the job's")
    .option('--lr <rate>', "instead of the job's learning rate")
    .option('--seed <n>', "instead of the job's")
    .option(
      '--set <key=value>',
      'change any key of the job, as in optimizer.config.momentum=0.9 (repeatable)',
      collect,
    );

const jobOptions = (of: Command): Command =>
  changes(of.option('--threads <n>', 'threads that compute (default: as many as the machine runs at once)', positive));

jobOptions(command('train', 'train a job').argument('[job]', 'its file, for example examples/digits.json'))
  .option('--resume <run>', 'go on with a run, from its newest checkpoint: its folder, for example runs/digits')
  .option('--json', 'print events as lines of JSON on stdout, and nothing else there')
  .option('--dry-run', 'print the plan, try a few batches of everything, save nothing')
  .option('--workers <n>', 'compute in so many processes of this machine; the bytes stay the same', positive)
  .option('--servers <n>', 'keep the parameters in so many processes of this machine', positive)
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

command('generate', "continue a text by a run's model")
  .argument('<run>', 'its folder, for example runs/gpt-nano')
  .option('--prompt <text>', 'what to go on from (default: a new line)')
  .option('--length <n>', 'tokens to add (default: 200)', positive)
  .option('--temperature <t>', 'below 1: likelier tokens; 0: always the likeliest (default: 0.8)', atLeastZero)
  .option('--top-k <n>', 'draw only from so many of the likeliest (default: from all)', positive)
  .option('--seed <n>', 'the same seed gives the same text (default: 1)', positive)
  .option('--json', 'print one line of JSON')
  .action(
    action(async (run, options, _) => (await import('./commands/generate.ts')).generateCommand(run, options, screen)),
  );

jobOptions(
  command('summary', "print a job's layers, shapes, parameters, memory and work").argument('<job>', 'its file'),
)
  .option('--json', 'print one line of JSON')
  .action(
    action(async (job, options, _) => (await import('./commands/summary.ts')).summaryCommand(job, options, screen)),
  );

command('import', "make another library's model a file that jobs can start from")
  .argument('<file>', 'a model: .keras, .h5, model.json of tfjs; or weights of PyTorch, .safetensors')
  .option('--model <name>', 'weights of PyTorch: the named model that they are of, or {"builder":..} with its options')
  .option('--out <file>', 'what is written (default: the name of the model, .safetensors)')
  .option('--json', 'print one line of JSON')
  .action(
    action(async (file, options, _) => (await import('./commands/import.ts')).importCommand(file, options, screen)),
  );

command('export', 'write a trained model for another library')
  .argument('<from>', 'a run, for example runs/digits, or a model file')
  .requiredOption('--format <name>', 'tfjs, keras, h5, safetensors or torch')
  .option('--out <path>', 'the file, or folder, that is written (default: beside the model)')
  .option('--json', 'print one line of JSON')
  .action(
    action(async (from, options, _) => (await import('./commands/export.ts')).exportCommand(from, options, screen)),
  );

jobOptions(command('bench', 'measure how fast a job trains here, or where the time goes').argument('<job>', 'its file'))
  .option('--layers', "time each layer's calls instead, beside the peak of the core")
  .option('--seconds <s>', 'how long to train (default: 5)', positive)
  .option('--json', 'print one line of JSON')
  .action(action(async (job, options, _) => (await import('./commands/bench.ts')).benchCommand(job, options, screen)));

jobOptions(command('coordinator', 'lead a run of servers and workers on any machines').argument('[job]', 'its file'))
  .option('--listen <host:port>', 'where servers and workers reach it (default: a free port of 127.0.0.1)')
  .option('--workers <n>', 'how many workers: the least, or least:most, as in 2:8')
  .option('--tls <hosts>', 'make a certificate for these names and addresses (with commas), in the folder of the run')
  .option('--cert <file>', "TLS: the listener's certificate, as PEM")
  .option('--key <file>', 'TLS: its key')
  .option('--client-ca <file>', 'TLS: let nobody in without a certificate that this one signed')
  .option('--insecure', 'listen beyond this machine without TLS')
  .option('--start-with <n>', 'workers to wait for before the first step (default: the least)', positive)
  .option('--servers <n>', 'how many servers own the parameters (default: 1)', positive)
  .option('--resume <run>', 'go on with a run, from its newest checkpoint')
  .option('--json', 'print events as lines of JSON on stdout, and nothing else there')
  .option('--out <dir>', 'the folder that the run is put in (default: runs)')
  .option('--log <file>', 'write what happens to a file, a line of JSON each; - for stderr, in place of text')
  .action(
    action(async (job, options, _) =>
      (await import('./commands/coordinator.ts')).coordinatorCommand(job, options, screen),
    ),
  );

jobOptions(
  command('worker', 'compute for a run; SHOAL_TOKEN holds its token').argument(
    '[job]',
    'one of many that srun, mpirun or the like started: rank 0 leads this job, the others compute for it',
  ),
)
  .option('--connect <url>', "the coordinator's, for example ws://10.0.0.1:7070 (default: at MASTER_ADDR)")
  .option('--name <name>', 'what it is called in the run (default: host and process)')
  .option('--ca <file>', 'TLS: whom to trust, as PEM: the certificate itself where it signed itself')
  .option('--cert <file>', 'TLS: what it shows to listeners that demand a certificate, as PEM')
  .option('--key <file>', 'TLS: the key of that')
  .option('--cache <dir>', 'keep data there that are fetched from the coordinator')
  .option('--insecure', 'listen and send the token beyond this machine without TLS')
  .option('--log <file>', 'write what happens to a file, a line of JSON each; - for stderr, in place of text')
  .option('--resume <run>', 'by rank: go on with a run, in a folder that all ranks share')
  .option('--servers <n>', 'by rank: servers beside rank 0 (default: 1)', positive)
  .option('--out <dir>', 'by rank: the folder that the run is put in (default: runs)')
  .option('--json', 'by rank: print events as lines of JSON on stdout')
  .action(
    action(async (job, options, _) =>
      options.connect === undefined && (job !== undefined || options.resume !== undefined)
        ? (await import('./commands/rank.ts')).rankCommand(job, options, screen)
        : (await import('./commands/worker.ts')).workerCommand(options, screen),
    ),
  );

command('server', 'own a part of the parameters of a run; SHOAL_TOKEN holds its token')
  .requiredOption('--connect <url>', "the coordinator's, for example ws://10.0.0.1:7070")
  .option('--listen <host:port>', 'where workers reach it (default: a free port of 127.0.0.1)')
  .option('--ca <file>', 'TLS: whom to trust, as PEM: the certificate itself where it signed itself')
  .option('--cert <file>', 'TLS: what it shows to workers, and to a coordinator that demands a certificate, as PEM')
  .option('--key <file>', 'TLS: the key of that')
  .option('--client-ca <file>', 'TLS: let nobody in without a certificate that this one signed')
  .option('--advertise <url>', 'how workers reach it, where that is not what it listens on')
  .option('--name <name>', 'what it is called in the run (default: host and process)')
  .option('--insecure', 'listen and send the token beyond this machine without TLS')
  .option('--log <file>', 'write what happens to a file, a line of JSON each; - for stderr, in place of text')
  .action(action(async (options, _) => (await import('./commands/worker.ts')).serverCommand(options, screen)));

jobOptions(
  command('chaos', 'train in several processes, kill them at random, compare the bytes').argument('[job]', 'its file'),
)
  .option('--mtbf <time>', 'time between kills, on average (default: 5s)')
  .option('--chaos-seed <n>', 'another order of kills', positive)
  .option('--workers <n>', 'processes that compute (default: 3)', positive)
  .option('--servers <n>', 'processes that keep the parameters (default: 2)', positive)
  .option('--json', 'print events as lines of JSON on stdout, and nothing else there')
  .option('--out <dir>', 'the folder that the run is put in (default: runs)')
  .action(action(async (job, options, _) => (await import('./commands/chaos.ts')).chaosCommand(job, options, screen)));

command('audit', "prove from a run's log that each draw counted exactly once")
  .argument('<run>', 'its folder, for example runs/digits')
  .option('--json', 'print one line of JSON')
  .action(action(async (run, options, _) => (await import('./commands/audit.ts')).auditCommand(run, options, screen)));

command('status', 'tell how a run of several processes fares: its workers, its servers, its pace')
  .argument('[run]', "its folder, or its coordinator's URL (default: the newest run in runs/ that is under way)")
  .option('--watch', 'again every second, until the run ends')
  .option('--ca <file>', 'TLS: whom to trust, as PEM: the certificate itself where it signed itself')
  .option('--cert <file>', 'TLS: what it shows to a coordinator that demands a certificate, as PEM')
  .option('--key <file>', 'TLS: the key of that')
  .option('--insecure', 'send the token beyond this machine without TLS')
  .option('--json', 'print one line of JSON')
  .action(
    action(async (run, options, _) => (await import('./commands/status.ts')).statusCommand(run, options, screen)),
  );

changes(command('scale', 'measure how a job scales on this machine').argument('[job]', 'its file'))
  .option('--threads <list>', 'threads of each worker, as in 1,2,4 (default: powers of two up to the machine)')
  .option('--workers <list>', 'processes that compute; without it all is in one process')
  .option('--servers <list>', 'processes that keep the parameters (default: 1)')
  .option('--codec <list>', 'codecs, as in f32,f16')
  .option('--repeat <n>', 'rounds, interleaved (default: 3)', positive)
  .option('--strong', 'the same batch for all settings (default)')
  .option('--weak', 'the batch grows with the processors')
  .option('--seconds <s>', 'measured in each run (default: 4)', above0)
  .option('--warmup <s>', 'before that (default: 1)', above0)
  .option('--target <accuracy>', 'train to this held-out accuracy instead, and tell the time', above0)
  .option('--price <amount>', 'of a machine (a worker) for an hour: tells what an epoch costs', above0)
  .option('--resume <folder>', 'go on with an experiment that was interrupted')
  .option('--json', 'print every run, and last the report, as lines of JSON on stdout')
  .option('--out <dir>', 'the folder that the experiment is put in (default: runs)')
  .action(action(async (job, options, _) => (await import('./commands/scale.ts')).scaleCommand(job, options, screen)));

changes(command('simulate', 'predict how a job scales on a cluster that is not there').argument('<job>', 'its file'))
  .requiredOption('--workers <n>', 'of the largest cluster, to 10,000', positive)
  .option('--servers <n>', 'processes that keep the parameters (default: 1)', positive)
  .option('--link <rate>', "each machine's link, as in 100Mbit (default: 1Gbit)")
  .option('--latency <time>', 'one way (default: 0.1ms)')
  .option('--mtbf <time>', 'time between deaths of a process, on average (default: none dies)')
  .option('--restart <time>', 'until a dead process is back (default: 10s)')
  .option('--steps <n>', 'measured in each cluster (default: 24; fewer in large ones)', positive)
  .option('--leaf-ms <ms>', 'of one micro-shard on one worker (default: from its FLOPs)', above0)
  .option('--gflops <n>', 'of one worker, where no time is given (default: 40)', above0)
  .option('--measure', 'measure that time here first')
  .option('--world-seed <n>', 'another course of events (default: 1)', positive)
  .option('--json', 'print every size, and last the report, as lines of JSON on stdout')
  .option('--out <dir>', 'the folder of the page (default: runs)')
  .action(
    action(async (job, options, _) => (await import('./commands/simulate.ts')).simulateCommand(job, options, screen)),
  );

program
  .command('agent', { hidden: true })
  .description('the far end of shoal launch --engine ssh: told by lines of JSON on stdin')
  .action(action(async () => (await import('./commands/agent.ts')).agentCommand()));

jobOptions(command('launch', 'train a job in many processes, started by an engine').argument('[job]', 'its file'))
  .requiredOption('--engine <name>', 'what starts them: local, ssh, slurm or kubernetes')
  .option('--workers <n>', 'processes that compute (default: 1; ssh: as many as the hosts have slots)', positive)
  .option('--servers <n>', 'processes that keep the parameters (default: 1)', positive)
  .option('--resume <run>', 'go on with a run, from its newest checkpoint')
  .option('--json', 'print events as lines of JSON on stdout, and nothing else there')
  .option('--out <dir>', 'the folder that the run is put in (default: runs)')
  .option('--hostfile <file>', 'ssh: the hosts, as lines "host slots=2"')
  .option('--ssh <command>', 'ssh: the client with its options, as in "ssh -F config" (default: ssh)')
  .option('--remote <command>', 'ssh: what starts shoal on a host (default: as here, in the same folder)')
  .option('--address <host>', 'ssh: this machine as the hosts reach it (default: where they see the login come from)')
  .option('--insecure', 'go beyond this machine without TLS')
  .option('--print', 'slurm, kubernetes: show what would be submitted, and submit nothing')
  .option('--image <name>', 'kubernetes: with Shoal in it')
  .option('--namespace <name>', 'kubernetes (default: that of kubectl)')
  .option('--memory <size>', 'kubernetes: of each pod (default: 4Gi)')
  .option('--storage <size>', 'kubernetes: of the volume that keeps the run (default: 10Gi)')
  .option('--gpus <n>', 'kubernetes: of each worker', positive)
  .option('--indexed-job', 'kubernetes: one Indexed Job, where JobSet is not installed')
  .option('--wait', 'slurm: follow the job to its end')
  .option('--grace <s>', 'slurm: seconds before the time limit to end well in (default: 120)', positive)
  .option('--sbatch <option>', 'slurm: one more of sbatch, as in --partition=short (repeatable)', collect)
  .action(
    action(async (job, options, _) => (await import('./commands/launch.ts')).launchCommand(job, options, screen)),
  );

addDataCommands(command('data', 'prepare, check and look at datasets'), { action, positive, collect, screen });

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

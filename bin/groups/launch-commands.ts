// launch-commands.ts: commands that start runs on many machines, measure how they scale, or predict it.
import { EXECUTORS, type Registrar } from '../registrar.ts';

export function addLaunchCommands({
  action,
  above0,
  changes,
  collect,
  command,
  jobOptions,
  positive,
  hidden,
  screen,
}: Registrar): void {
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
    .action(
      action(async (job, options, _) => (await import('../commands/scale.ts')).scaleCommand(job, options, screen)),
    );

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
      action(async (job, options, _) =>
        (await import('../commands/simulate.ts')).simulateCommand(job, options, screen),
      ),
    );

  hidden('agent', 'the far end of shoal launch --engine ssh: told by lines of JSON on stdin').action(
    action(async () => (await import('../commands/agent.ts')).agentCommand()),
  );

  jobOptions(command('launch', 'train a job in many processes, started by an engine').argument('[job...]', 'its file'))
    .option('--prep', 'prepare data instead: behind -- stands what shoal data prep takes')
    .requiredOption('--engine <name>', 'what starts them: local, ssh, slurm or kubernetes')
    .option('--workers <n>', 'processes that compute (default: 1; ssh: as many as the hosts have slots)', positive)
    .option('--servers <n>', 'processes that keep the parameters (default: 1)', positive)
    .option(
      '--executor <name>',
      `what workers compute with: ${EXECUTORS}; others than wasm: where the job has a tolerance`,
    )
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
      action(async (job, options, _) => (await import('../commands/launch.ts')).launchCommand(job, options, screen)),
    );
}

// run-commands.ts: commands about runs of several processes: their roles, and looking after them. Not what starts them (launch-commands.ts).
import { EXECUTORS, type Registrar } from '../registrar.ts';

export function addRunCommands({ action, command, jobOptions, positive, screen }: Registrar): void {
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
        (await import('../commands/coordinator.ts')).coordinatorCommand(job, options, screen),
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
    .option('--executor <name>', `what computes: ${EXECUTORS}; others than wasm: where the job has a tolerance`)
    .option('--cache <dir>', 'keep data there that are fetched from the coordinator')
    .option('--cache-gib <n>', 'GiB that it may hold (default: 64)', positive)
    .option('--insecure', 'listen and send the token beyond this machine without TLS')
    .option('--log <file>', 'write what happens to a file, a line of JSON each; - for stderr, in place of text')
    .option('--resume <run>', 'by rank: go on with a run, in a folder that all ranks share')
    .option('--servers <n>', 'by rank: servers beside rank 0 (default: 1)', positive)
    .option('--out <dir>', 'by rank: the folder that the run is put in (default: runs)')
    .option('--json', 'by rank: print events as lines of JSON on stdout')
    .action(
      action(async (job, options, _) =>
        options.connect === undefined && (job !== undefined || options.resume !== undefined)
          ? (await import('../commands/rank.ts')).rankCommand(job, options, screen)
          : (await import('../commands/worker.ts')).workerCommand(options, screen),
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
    .action(action(async (options, _) => (await import('../commands/worker.ts')).serverCommand(options, screen)));

  jobOptions(
    command('chaos', 'train in several processes, kill them at random, compare the bytes').argument(
      '[job]',
      'its file',
    ),
  )
    .option('--mtbf <time>', 'time between kills, on average (default: 5s)')
    .option('--chaos-seed <n>', 'another order of kills', positive)
    .option('--workers <n>', 'processes that compute (default: 3)', positive)
    .option('--servers <n>', 'processes that keep the parameters (default: 2)', positive)
    .option('--json', 'print events as lines of JSON on stdout, and nothing else there')
    .option('--out <dir>', 'the folder that the run is put in (default: runs)')
    .action(
      action(async (job, options, _) => (await import('../commands/chaos.ts')).chaosCommand(job, options, screen)),
    );

  command('audit', "prove from a run's log that each draw counted exactly once")
    .argument('<run>', 'its folder, for example runs/digits')
    .option('--json', 'print one line of JSON')
    .action(
      action(async (run, options, _) => (await import('../commands/audit.ts')).auditCommand(run, options, screen)),
    );

  command('status', 'tell how a run of several processes fares: its workers, its servers, its pace')
    .argument('[run]', "its folder, or its coordinator's URL (default: the newest run in runs/ that is under way)")
    .option('--watch', 'again every second, until the run ends')
    .option('--ca <file>', 'TLS: whom to trust, as PEM: the certificate itself where it signed itself')
    .option('--cert <file>', 'TLS: what it shows to a coordinator that demands a certificate, as PEM')
    .option('--key <file>', 'TLS: the key of that')
    .option('--insecure', 'send the token beyond this machine without TLS')
    .option('--json', 'print one line of JSON')
    .action(
      action(async (run, options, _) => (await import('../commands/status.ts')).statusCommand(run, options, screen)),
    );
}

// model-commands.ts: commands about jobs and models on this machine: train, eval, predict... Not what they do: commands/.
import { EXECUTORS, type Registrar } from '../registrar.ts';

export function addModelCommands({
  action,
  atLeastZero,
  command,
  jobOptions,
  natural,
  positive,
  screen,
}: Registrar): void {
  jobOptions(command('train', 'train a job').argument('[job]', 'its file, for example examples/digits.json'))
    .option('--resume <run>', 'go on with a run, from its newest checkpoint: its folder, for example runs/digits')
    .option('--json', 'print events as lines of JSON on stdout, and nothing else there')
    .option('--data-threads <n>', 'threads that read and augment samples ahead (default: 1)', positive)
    .option('--dry-run', 'print the plan, try a few batches of everything, save nothing')
    .option(
      '--workers <n>',
      'compute in so many processes of this machine; 2:8: in two, and let six more join at any step',
    )
    .option('--servers <n>', 'keep the parameters in so many processes of this machine', positive)
    .option('--executor <name>', `what computes: ${EXECUTORS}`)
    .option('--out <dir>', 'the folder that the run is put in (default: runs)')
    .action(
      action(async (job, options, _) => (await import('../commands/train.ts')).trainCommand(job, options, screen)),
    );

  command('eval', 'measure a run on held-out data')
    .argument('<run>', 'its folder, for example runs/digits')
    .option('--threads <n>', 'threads that compute', positive)
    .option('--json', 'print one line of JSON')
    .action(action(async (run, options, _) => (await import('../commands/eval.ts')).evalCommand(run, options, screen)));

  command('predict', "apply a run's model to files")
    .argument('<run>', 'its folder, for example runs/digits')
    .argument('<file...>', 'images (.png, .jpg), or arrays (.npy, .json)')
    .option('--json', 'print a line of JSON for each sample')
    .action(
      action(async (run, files, options, _) =>
        (await import('../commands/predict.ts')).predictCommand(run, files, options, screen),
      ),
    );

  command('generate', "continue a text by a run's model")
    .argument('<run>', 'its folder, for example runs/gpt-nano')
    .option('--prompt <text>', 'what to go on from (default: a new line)')
    .option('--length <n>', 'tokens to add (default: 200)', positive)
    .option('--temperature <t>', 'below 1: likelier tokens; 0: always the likeliest (default: 0.8)', atLeastZero)
    .option('--top-k <n>', 'draw only from so many of the likeliest (default: from all)', positive)
    .option('--seed <n>', 'the same seed gives the same text (default: 1)', natural)
    .option('--json', 'print one line of JSON')
    .action(
      action(async (run, options, _) =>
        (await import('../commands/generate.ts')).generateCommand(run, options, screen),
      ),
    );

  jobOptions(
    command('summary', "print a job's layers, shapes, parameters, memory and work").argument('<job>', 'its file'),
  )
    .option('--json', 'print one line of JSON')
    .action(
      action(async (job, options, _) => (await import('../commands/summary.ts')).summaryCommand(job, options, screen)),
    );

  command('import', "make another library's model a file that jobs can start from")
    .argument('<file>', 'a model: .keras, .h5, model.json of tfjs; or weights of PyTorch, .safetensors')
    .option(
      '--model <name>',
      'weights of PyTorch: the named model that they are of, or {"builder":..} with its options',
    )
    .option('--out <file>', 'what is written (default: the name of the model, .safetensors)')
    .option('--json', 'print one line of JSON')
    .action(
      action(async (file, options, _) => (await import('../commands/import.ts')).importCommand(file, options, screen)),
    );

  command('export', 'write a trained model for another library')
    .argument('<from>', 'a run, for example runs/digits, or a model file')
    .requiredOption('--format <name>', 'tfjs, keras, h5, safetensors or torch')
    .option('--out <path>', 'the file, or folder, that is written (default: beside the model)')
    .option('--json', 'print one line of JSON')
    .action(
      action(async (from, options, _) => (await import('../commands/export.ts')).exportCommand(from, options, screen)),
    );

  jobOptions(
    command('bench', 'measure how fast a job trains here, or where the time goes').argument('<job>', 'its file'),
  )
    .option('--layers', "time each layer's calls instead, beside the peak of the core")
    .option('--seconds <s>', 'how long to train (default: 5)', positive)
    .option('--json', 'print one line of JSON')
    .action(
      action(async (job, options, _) => (await import('../commands/bench.ts')).benchCommand(job, options, screen)),
    );

  command('doctor', 'tell what this machine and this Node can do, and what would make training faster')
    .option('--json', 'print one line of JSON')
    .action(action(async (options, _) => (await import('../commands/doctor.ts')).doctorCommand(options, screen)));
}

// data-commands.ts: `shoal data ...`: its commands and their options. Each command's own code is loaded when it is called.
import type { Command } from 'commander';
import type { Registrar } from '../registrar.ts';

export function addDataCommands({ action, collect, command, natural, positive, screen }: Registrar): void {
  const source = (of: Command): Command =>
    of
      .option('--reader <name>', 'how the source is read (default: by its name and contents)')
      .option('--set <key=value>', 'an option of the reader, as in label=species (repeatable)', collect);

  const shards = (of: Command): Command =>
    of
      .argument('<source>', 'a folder, a file or a URL')
      .requiredOption('-o, --out <dir>', 'the folder that the shards are put in')
      .option('--encode <kind>', 'auto (default), jpg, png, webp, or raw: uint8 tensors')
      .option('--shard-size <n>', 'samples of a shard (default: 10000)', positive)
      .option('--mode <mode>', 'incremental (default), overwrite, or extend')
      .option(
        '--threads <n>',
        'threads that decode and encode (default: as many as the machine runs at once)',
        positive,
      )
      .option('--json', 'print events as lines of JSON on stdout');

  source(command('prep', 'turn any source into checked shards; run again, it finishes what is missing'))
    .argument('<source>', 'a folder, a file, a URL, or - for stdin')
    .requiredOption('-o, --out <dir>', 'the folder that the shards are put in')
    .option('--format <name>', 'of the shards: webdataset (default), tfrecord or parquet')
    .option('--transform <list>', 'resize=256, resize=ROWSxCOLUMNS, crop=224, fit=cover|contain|fill, channels=1|3')
    .option('--encode <kind>', 'auto (default), jpg, png, webp, or raw: uint8 tensors')
    .option('--quality <n>', 'of jpg and webp (default: 95)', positive)
    .option('--tokenizer <file>', 'make rows of ids of texts: a tokenizer.json, or bytes')
    .option('--length <n>', 'ids of a row: longer texts are cut, shorter ones filled up', positive)
    .option('--pack', 'put texts one behind another, and cut rows from them: to learn the next id')
    .option('--shard-size <n>', 'samples of a shard (default: 10000)', positive)
    .option('--split <shares>', 'training/validation/test, where the source has none (default: 0.9/0/0.1)')
    .option('--no-stratify', 'split without regard to classes')
    .option('--group <pattern>', 'keep samples in one part in whose keys the pattern takes the same text')
    .option('--no-shuffle', "keep the source's order")
    .option('--dedup <kind>', 'splits (default): no contents in two parts; all: none twice; none')
    .option('--seed <n>', 'of split and order (default: 0)', natural)
    .option('--mode <mode>', 'incremental (default), overwrite, or extend')
    .option('--max-errors <n>', 'bad samples to put up with: a number, or a share (default: 10%)')
    .option('--task <n/tasks>', 'one part of the shards, as in 3/16; auto: as Slurm says, auto/16: as Kubernetes says')
    .option('--threads <n>', 'threads that decode and encode (default: as many as the machine runs at once)', positive)
    .option('--json', 'print events as lines of JSON on stdout')
    .action(
      action(async (from, options, _) => (await import('../commands/data-prep.ts')).prepCommand(from, options, screen)),
    );

  command('fetch', 'bring a dataset here: mnist, fashion-mnist, cifar10, cifar100, or any file; broken off, it goes on')
    .argument('<name>', 'one of those, or a URL')
    .option('-o, --out <dir>', 'the folder that it is put in (default: data/NAME)')
    .option('--from <url>', 'another folder on a server that has the same files')
    .option('--sha256 <hex>', 'that the file at the URL must have')
    .option('--json', 'print events as lines of JSON on stdout')
    .action(
      action(async (what, options, _) =>
        (await import('../commands/data-fetch.ts')).fetchCommand(what, options, screen),
      ),
    );

  shards(source(command('convert', 'write another format: the same samples in the same order and parts')))
    .requiredOption('--format <name>', 'of the shards: webdataset, tfrecord or parquet')
    .option('--max-errors <n>', 'bad samples to leave out: a number, or a share (default: none)')
    .action(
      action(async (from, options, _) =>
        (await import('../commands/data-prep.ts')).convertCommand(from, options, screen),
      ),
    );

  shards(source(command('split', 'draw training, validation and test parts anew, whatever parts there were')))
    .requiredOption('--split <shares>', 'training/validation/test, as in 0.8/0.1/0.1')
    .option('--format <name>', 'of the shards: webdataset (default), tfrecord or parquet')
    .option('--no-stratify', 'split without regard to classes')
    .option('--group <pattern>', 'keep samples in one part in whose keys the pattern takes the same text')
    .option('--no-shuffle', "keep the source's order within a part")
    .option('--seed <n>', 'of split and order (default: 0)', natural)
    .option('--max-errors <n>', 'bad samples to put up with: a number, or a share (default: 10%)')
    .action(
      action(async (from, options, _) =>
        (await import('../commands/data-prep.ts')).splitCommand(from, options, screen),
      ),
    );

  command('merge', 'make one dataset of the shards that several tasks have written')
    .argument('<dir>', 'the folder of the shards')
    .option('--json', 'print one line of JSON')
    .action(
      action(async (out, options, _) => (await import('../commands/data-prep.ts')).mergeCommand(out, options, screen)),
    );

  source(command('verify', 'read and decode every sample, compare every hash'))
    .argument('<source>', 'a prepared folder, or any source')
    .option('--json', 'print one line of JSON')
    .action(
      action(async (from, options, _) =>
        (await import('../commands/data-look.ts')).verifyCommand(from, options, screen),
      ),
    );

  source(command('stats', 'count samples, classes and shapes; mean and deviation'))
    .argument('<source>', 'a prepared folder, or any source')
    .option('--json', 'print one line of JSON')
    .action(
      action(async (from, options, _) =>
        (await import('../commands/data-look.ts')).statsCommand(from, options, screen),
      ),
    );

  source(command('inspect', 'look at some samples'))
    .argument('<source>', 'a prepared folder, or any source')
    .option('--html <file>', 'write a page of pictures')
    .option('--samples <n>', 'on the page (default: 48)', positive)
    .option('--seed <n>', 'other samples (default: 0)', natural)
    .option('--json', 'print one line of JSON')
    .action(
      action(async (from, options, _) =>
        (await import('../commands/data-look.ts')).inspectCommand(from, options, screen),
      ),
    );
}

// data-prep.ts: `shoal data prep` and `merge`: what they print. The work is datasets/prepare/.
import { availableParallelism } from 'node:os';
import { type Finished, finish } from '../../datasets/prepare/manifest.ts';
import { firstKeys } from '../../datasets/prepare/problems.ts';
import { type PrepareOptions, type Progress, prepareDataset } from '../../datasets/prepare/run.ts';
import { parseTask } from '../../datasets/prepare/task.ts';
import { COUNTED } from '../../datasets/source.ts';
import { type PrepFlags, parseMaxErrors, prepareJob } from '../input/prepare-options.ts';
import { untilInterrupted } from '../interrupt.ts';
import { showBad } from '../output/bad-samples.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { count, duration, onOneLine, table } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { typed, usageError } from '../output/usage-error.ts';
import { endWithParent } from '../parent.ts';
import { version } from '../version.ts';

export interface DataPrepOptions extends PrepFlags {
  readonly out: string;
  readonly threads?: number;
  readonly mode?: string;
  readonly maxErrors?: string;
  readonly task?: string;
  readonly json?: boolean;
}

/** What an interrupted preparation leaves. */
export const FINISHED_STAY = 'Finished shards stay; the same command makes the others.';

const MODES = ['incremental', 'overwrite', 'extend'] as const;

export async function prepCommand(source: string, options: DataPrepOptions, screen: Screen): Promise<ExitCode> {
  const mode = MODES.find((name) => name === (options.mode ?? 'incremental'));
  if (mode === undefined)
    throw usageError('read --mode', options.mode!, MODES.join(', '), 'The default is incremental.');
  endWithParent();
  return untilInterrupted(FINISHED_STAY, screen, async (signal) => {
    const prepare: PrepareOptions = {
      job: prepareJob(source, options),
      out: options.out,
      threads: options.threads ?? availableParallelism(),
      mode,
      maxErrors: parseMaxErrors(options.maxErrors ?? '10%'),
      task: options.task === undefined ? null : parseTask(options.task, process.env),
      version,
      signal,
      onProgress: showProgress(options, screen, performance.now()),
      onChanged: showChanged(options, screen),
    };
    const { finished, bad, progress } = await prepareDataset(prepare);
    if (finished === null) {
      if (!options.json) showBad(bad, progress.samples, screen);
      const then = `shoal data merge ${typed(options.out)}`;
      if (!options.json) screen.out(`${progress.shards} shards are there. When all tasks are done: ${then}`);
    } else showFinished(options.out, finished, options, screen);
    return EXIT.done;
  });
}

/** Another format; the same samples in the same order and parts, none of which may be bad. */
export const convertCommand = (
  source: string,
  options: Omit<DataPrepOptions, 'shuffle' | 'stratify'>,
  screen: Screen,
): Promise<ExitCode> => {
  const { maxErrors = '0' } = options;
  const as = { shuffle: false, stratify: false, dedup: 'none', split: '1/0/0', maxErrors } as const;
  return prepCommand(source, { ...options, ...as }, screen);
};

/** The same samples in parts drawn anew. */
export const splitCommand = (source: string, options: DataPrepOptions, screen: Screen): Promise<ExitCode> =>
  prepCommand(source, { ...options, ownParts: false }, screen);

export async function mergeCommand(
  out: string,
  options: { readonly json?: boolean },
  screen: Screen,
): Promise<ExitCode> {
  showFinished(out, finish(out), options, screen);
  return EXIT.done;
}

function showProgress(options: DataPrepOptions, screen: Screen, since: number): (progress: Progress) => void {
  let first: Progress | null = null;
  return (progress) => {
    first ??= progress;
    const seconds = (performance.now() - since) / 1000;
    if (options.json) {
      const { shards, ofShards: of_shards, samples, bad } = progress;
      screen.out(JSON.stringify({ event: 'shards', shards, of_shards, samples, bad, seconds }));
      return;
    }
    const pace = `${count((progress.samples - first.samples) / seconds)}/s`;
    const text = `shards ${progress.shards} of ${progress.ofShards}  samples ${count(progress.samples)}  bad ${count(progress.bad)}`;
    screen.err(`${text}  ${duration(seconds)}  ${pace}`);
  };
}

/** What is made again, and why. */
const showChanged =
  ({ json }: DataPrepOptions, screen: Screen): NonNullable<PrepareOptions['onChanged']> =>
  (samples, shards) => {
    if (json) return screen.out(JSON.stringify({ event: 'changed', samples: samples.map(({ key }) => key), shards }));
    const what = samples.length === 1 ? '1 sample has' : `${count(samples.length)} samples have`;
    const again = shards === 1 ? '1 shard is' : `${count(shards)} shards are`;
    screen.err(
      `${what} changed in the source since it was planned: ${onOneLine(firstKeys(samples))}; ${again} made again`,
    );
  };

function showFinished(
  out: string,
  { manifest, sha256, bad }: Finished,
  options: { json?: boolean },
  screen: Screen,
): void {
  const { parts, classes, places, mean, std, field, duplicates, near_duplicates: near } = manifest;
  if (options.json) {
    const samples = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.samples]));
    const figures = { samples, bad: bad.length, duplicates, near_duplicates: near, mean, std };
    screen.out(JSON.stringify({ event: 'done', out, manifest: sha256, ...figures }));
    return;
  }
  const total = Object.values(parts).reduce((sum, part) => sum + part.samples, 0);
  showBad(bad, total + bad.length, screen);
  const rows = Object.entries(parts).map(([name, { samples, shards }]) => [
    name,
    `${count(samples)} samples in ${shards.length} shard${shards.length === 1 ? '' : 's'}`,
  ]);
  if (classes !== null)
    rows.push(['classes', `${classes.length}${places ? ` of ${COUNTED[places]}` : ''}: ${shortened(classes)}`]);
  if (field !== null) rows.push(['each', `${field.dtype} of ${field.shape.join(' x ')}`]);
  if (mean !== null && std !== null && mean.length <= 4)
    rows.push(['mean', mean.join(' ')], ['deviation', std.join(' ')]);
  if (duplicates > 0) rows.push(['duplicates', `${count(duplicates)} left out, named in plan.jsonl`]);
  if (near > 0) rows.push(['alike', `${count(near)} pairs, listed in near-duplicates.jsonl`]);
  rows.push(['manifest', sha256]);
  screen.out(table(rows));
  screen.out(`\nTrain on it: "data": { "reader": "${manifest.job.format}", "path": ${JSON.stringify(out)} }`);
}

const shortened = (names: readonly string[]): string =>
  onOneLine(names.length <= 8 ? names.join(', ') : `${names.slice(0, 7).join(', ')}, ...`);

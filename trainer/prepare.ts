// prepare.ts: a job made ready for a machine: compiled, its memory counted. Whether its data fit its model: fit.ts. Starts nothing.
import { type Problem, ShoalError } from '../base/errors.ts';
import type { Dataset } from '../datasets/reader.ts';
import type { TransformConfig } from '../datasets/transforms/index.ts';
import { alignUp, MEMORY_LIMIT } from '../kernels/arena.ts';
import { codecs } from './codecs/index.ts';
import type { Codec } from './codecs/kind.ts';
import { feedBytes } from './feed.ts';
import { checkLoss, checkMetrics, checkParts, inputFields, labelSpec, labelTransforms, type Wanted } from './fit.ts';
import { type Job, STATISTICS_ROWS } from './job.ts';
import { fromLogits } from './job-outputs.ts';
import { perLeaf } from './layers/index.ts';
import { localStoreBytes } from './local-store.ts';
import { losses } from './losses/index.ts';
import { metrics as metricKinds } from './metrics/index.ts';
import type { Segment } from './model.ts';
import { optimizerOf } from './optimizers/index.ts';
import type { AnyOptimizer, CommonConfig } from './optimizers/kind.ts';
import { compile, isTrained, type OutputOptions, type Program, sharedLayers } from './plan.ts';
import { poolBytes } from './pool.ts';
import { sharesOf } from './tree.ts';
import { versionsBytes } from './versions.ts';
import { wasmExecutorBytes } from './wasm-executor.ts';
import { segmentsOf } from './weights.ts';

/** How a machine runs a job. None of it decides a bit of the result. */
export interface Machine {
  readonly threads: number;
  /** Threads that share one micro-shard. */
  readonly teamSize: number;
  /** Micro-shards that a team computes side by side, as a power of two. */
  readonly level: number;
  /** Pieces of work under way at once. */
  readonly depth: number;
  /** Batches held at once, being read or computed. */
  readonly slots: number;
  readonly ranges: number;
  /** Parts of a contribution that an executor with a memory of its own may bring at once. */
  readonly staging: number;
}

export interface Prepared {
  readonly program: Program;
  /** Of all weights: parameters, then state. */
  readonly segments: readonly Segment[];
  readonly transforms: readonly TransformConfig[];
  readonly optimizer: AnyOptimizer;
  readonly optimizerConfig: CommonConfig;
  readonly machine: Machine;
  /** What whoever runs it should know. */
  readonly warnings: readonly Problem[];
  /** Bytes by purpose. */
  readonly memory: Readonly<Record<string, number>>;
  readonly bytes: number;
}

export interface PrepareOptions {
  readonly threads: number;
  /** Default: 1 where there are as many micro-shards as threads, else as few as keep every thread busy. */
  readonly teamSize?: number;
  readonly ranges?: number;
  /** Micro-shards computed side by side, as a power of two. Default: chosen by the sizes of weights and activations. */
  readonly level?: number;
  /** Default 0: the executor computes in the store's memory. */
  readonly staging?: number;
}

/** Bytes of input batches that are read ahead at most. */
const READ_AHEAD = 64 * 2 ** 20;

/** @throws SHOAL_DATA_LABEL, SHOAL_SHAPE, SHOAL_LOSS, SHOAL_METRIC, SHOAL_MODEL, SHOAL_THREADS, SHOAL_MEMORY_TOO_LARGE */
export function prepare(job: Job, dataset: Dataset, options: PrepareOptions): Prepared {
  const { model } = job;
  checkParts(dataset);
  const { weights: segments, shapes } = segmentsOf(model);
  checkTrained(job, segments);
  const wanted = job.outputs.map(({ name, loss }): Wanted => {
    const kind = losses[loss.class_name];
    return { name, shape: shapes[name]!.shape, loss: kind, fromLogits: fromLogits(loss) };
  });
  for (const output of wanted) checkLoss(job, output);
  const transforms = wanted.flatMap((output) => labelTransforms(job, dataset, output));
  const inputs = inputFields(job, dataset, transforms);
  const outputs = job.outputs.map(
    ({ weight, metrics }, i): OutputOptions => ({
      ...wanted[i]!,
      label: labelSpec(job, dataset, transforms, wanted[i]!),
      weight,
      metrics: metrics.map((m) => metricKinds[m.name]('k' in m ? m.k : 1)),
    }),
  );
  const codec: Codec = codecs[job.codec];
  const compiled = (level: number): Program => {
    const rows = sharesOf(job.batch, job.microShards)
      .slice(0, 2 ** level)
      .reduce((a, b) => a + b, 0);
    return compile({ model, segments, shapes, rows, inputs, outputs, codec });
  };
  const single = compiled(0);
  checkMetrics(single);
  const teams = teamsFor(job, options);
  // what rounds a leaf, takes its statistics, or adds up several calls or losses, must have it alone
  const alone = codec.round || perLeaf(model) || outputs.length > 1 || sharedLayers(model).length > 0;
  const level = alone ? 0 : (options.level ?? levelFor(job, single, options.threads / teams.teamSize));
  const program = level === 0 ? single : compiled(level);
  const machine = machineFor(job, program, options, teams.teamSize, level);
  const optimizer = optimizerOf(job.optimizer.class_name);
  const optimizerConfig = job.optimizer.config;
  const memory = memoryOf(job, program, segments, optimizer, optimizerConfig, machine);
  const bytes = Object.values(memory).reduce((a, b) => a + b, 0);
  if (bytes > MEMORY_LIMIT) throw tooLarge(memory, bytes, machine);
  return {
    program,
    segments,
    transforms,
    optimizer,
    optimizerConfig,
    machine,
    warnings: warningsOf(job),
    memory,
    bytes,
  };
}

/** @throws SHOAL_JOB where everything is frozen */
function checkTrained({ name, model }: Job, segments: readonly Segment[]): void {
  if (Object.keys(model.layers).some((layer) => isTrained(segments, layer))) return;
  throw new ShoalError({
    code: 'SHOAL_JOB',
    operation: `prepare the job "${name}"`,
    got: 'a model without weights that could be trained',
    expected: 'at least one layer with weights that is not frozen',
    hint: 'Look at "freeze" in the job, and at "trainable" of the layers.',
  });
}

/** Whether a pass over the weights costs more than a pass over the activations of one micro-shard. */
const weightsPrevail = ({ contribution, plans }: Program): boolean =>
  contribution.scalarsAt >= plans.train.arenaBytes / 2;

function teamsFor(job: Job, options: PrepareOptions): { readonly teamSize: number } {
  const { threads, teamSize } = options;
  const size = teamSize ?? Math.max(1, Math.ceil(threads / job.microShards));
  if (!Number.isInteger(threads / size)) {
    // a team size that nobody asked for gives way; one that somebody asked for is an error
    if (teamSize === undefined) return { teamSize: threads };
    throw new ShoalError({
      code: 'SHOAL_THREADS',
      operation: 'form teams of threads',
      got: `${threads} threads in teams of ${size}`,
      expected: 'a number of threads that the team size divides',
      hint: 'Change --threads or the team size.',
    });
  }
  return { teamSize: size };
}

/**
 * Where weights prevail, several micro-shards share each pass over them, as many as leave every team a bundle. Where activations are
 * larger, one micro-shard at a time keeps them in the cache.
 */
function levelFor(job: Job, single: Program, teams: number): number {
  if (!weightsPrevail(single)) return 0;
  return Math.floor(Math.log2(Math.max(1, job.microShards / teams)));
}

function warningsOf({ model, batch, microShards }: Job): readonly Problem[] {
  const rows = Math.floor(batch / microShards);
  if (!perLeaf(model) || rows >= STATISTICS_ROWS) return [];
  return [
    {
      code: 'SHOAL_JOB_MICRO_SHARDS',
      operation: 'normalise over micro-shards',
      got: `${microShards} micro-shards of ${rows} samples`,
      expected: `at least ${STATISTICS_ROWS} samples in each: BatchNormalization takes its statistics over them`,
      hint: 'Raise batch, or lower microShards.',
    },
  ];
}

function machineFor(job: Job, program: Program, options: PrepareOptions, teamSize: number, level: number): Machine {
  const { threads, ranges = 1, staging = 0 } = options;
  const batchBytes = Math.ceil(job.microShards / 2 ** level) * program.input.leafBytes;
  const slots = Math.max(3, Math.min(16, Math.floor(READ_AHEAD / batchBytes)));
  return { threads, teamSize, level, depth: Math.max(1, Math.floor(slots / 2) - 1), slots, ranges, staging };
}

function memoryOf(
  job: Job,
  program: Program,
  segments: readonly Segment[],
  optimizer: AnyOptimizer,
  optimizerConfig: CommonConfig,
  machine: Machine,
): Record<string, number> {
  const { threads, teamSize, level, depth, slots, ranges, staging } = machine;
  const { microShards } = job;
  const slotCount = optimizer.slots(optimizerConfig).length;
  const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
  const versions = { segments, bytes: 0, slotBytes: 0, slots: [], of: () => ({ parameters: 0, slots: 0 }) };
  const { contribution } = program;
  const sizes = { ranges, microShards, depth, staging };
  const store = localStoreBytes({ versions, contribution, optimizer, optimizerConfig, ...sizes });
  return {
    parameters_and_optimizer: versionsBytes(segments, slotCount),
    activations: alignUp(poolBytes(threads, teamSize, arenaBytes)),
    ...wasmExecutorBytes(program, { microShards, teams: threads / teamSize, depth, level }),
    updates: store,
    batches: feedBytes(program.input, Math.ceil(microShards / 2 ** level), slots),
  };
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;

function tooLarge(memory: Readonly<Record<string, number>>, bytes: number, machine: Machine): ShoalError {
  const parts = Object.entries(memory).map(([name, size]) => `${name.replaceAll('_', ' ')} ${mib(size)}`);
  return new ShoalError({
    code: 'SHOAL_MEMORY_TOO_LARGE',
    operation: `plan the memory of ${machine.threads} threads in teams of ${machine.teamSize}`,
    got: `${mib(bytes)} (${parts.join(', ')})`,
    expected: `at most ${mib(MEMORY_LIMIT)}, what one WebAssembly memory holds`,
    hint: 'Lower batch, raise microShards, or use fewer threads.',
  });
}

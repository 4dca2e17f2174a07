// prepare.ts: a job made ready for a machine: compiled, its memory counted. Whether its data fit its model: fit.ts. Starts nothing.
import { type Problem, ShoalError } from '../base/errors.ts';
import type { Dataset } from '../datasets/reader.ts';
import type { TransformConfig } from '../datasets/transforms/index.ts';
import { alignUp, MEMORY_LIMIT } from '../kernels/arena.ts';
import { arrange, type Machine, type MachineOptions } from './arrange.ts';
import { codecs } from './codecs/index.ts';
import type { Codec } from './codecs/kind.ts';
import { feedBytes } from './feed.ts';
import {
  checkLoss,
  checkMetrics,
  checkParts,
  inputFields,
  labelSpec,
  labelTransforms,
  type Wanted,
  weightSpec,
} from './fit.ts';
import { type Job, STATISTICS_ROWS } from './job.ts';
import { isTrained, sharedLayers } from './layer-segments.ts';
import { perLeaf } from './layers/index.ts';
import { localStoreBytes } from './local-store.ts';
import { fromLogits, lossOf } from './losses/index.ts';
import { metrics as metricKinds } from './metrics/index.ts';
import type { Segment } from './model.ts';
import { optimizerOf } from './optimizers/index.ts';
import { type AnyOptimizer, type CommonConfig, slotsOf } from './optimizers/kind.ts';
import { modelInPhase, segmentsInPhase } from './phases.ts';
import { compile, type OutputOptions, type Program } from './plan.ts';
import { poolBytes } from './pool.ts';
import { withPaces } from './rates.ts';
import { residentBytes } from './resident.ts';
import { residentFeedBytes } from './resident-feed.ts';
import { sharesOf } from './tree.ts';
import { versionsBytes } from './versions.ts';
import { wasmExecutorBytes } from './wasm-executor.ts';
import { segmentsOf } from './weights.ts';

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
  /** Whether the samples are kept whole in the memory of the compute threads (resident.ts). */
  readonly resident: boolean;
  /** Bytes by purpose. */
  readonly memory: Readonly<Record<string, number>>;
  readonly bytes: number;
}

/** `local`: small sets are kept whole in the memory of the compute threads, too (resident.ts). */
export interface PrepareOptions extends MachineOptions {
  /** Layers that rest (phases.ts). Default: none. */
  readonly resting?: ReadonlySet<string>;
}

/** @throws SHOAL_DATA_LABEL, SHOAL_SHAPE, SHOAL_LOSS, SHOAL_METRIC, SHOAL_MODEL, SHOAL_THREADS, SHOAL_MEMORY_TOO_LARGE */
export function prepare(job: Job, dataset: Dataset, options: PrepareOptions): Prepared {
  const { resting = new Set(), local = false } = options;
  const model = modelInPhase(job.model, resting);
  checkParts(dataset);
  const { weights, shapes } = segmentsOf(job.model);
  const segments = withPaces(segmentsInPhase(weights, resting), job);
  checkTrained(job, segments);
  const wanted = job.outputs.map(({ name, loss }): Wanted => {
    const kind = lossOf(loss);
    return { name, shape: shapes[name]!.shape, loss: kind, fromLogits: fromLogits(loss) };
  });
  for (const output of wanted) checkLoss(job, output);
  const transforms = wanted.flatMap((output) => labelTransforms(job, dataset, output));
  const inputs = inputFields(job, dataset, transforms);
  const outputs = job.outputs.map(
    (output, i): OutputOptions => ({
      ...wanted[i]!,
      sampleWeights: weightSpec(job, dataset, output),
      label: labelSpec(job, dataset, transforms, wanted[i]!),
      weight: output.weight,
      metrics: output.metrics.map((m) => metricKinds[m.name]('k' in m ? m.k : 1)),
    }),
  );
  const codec: Codec = codecs[job.codec];
  const single = compile({ model, segments, shapes, rows: 1, inputs, outputs, codec });
  checkMetrics(single);
  const optimizer = optimizerOf(job.optimizer.class_name);
  const optimizerConfig = job.optimizer.config;
  // what rounds a leaf, takes its statistics, or adds up several calls or losses, must have it alone
  const alone = codec.round !== null || perLeaf(model) || outputs.length > 1 || sharedLayers(model).length > 0;
  const { program, machine, memory, bytes } = arrange({
    job,
    shapes,
    machine: options,
    alone,
    compiled: (level, cuts, joint = false) => {
      const rows = sharesOf(job.batch, job.microShards)
        .slice(0, 2 ** level)
        .reduce((a, b) => a + b, 0);
      const jointRows = joint ? job.batch : 0;
      return compile({ model, segments, shapes, rows, inputs, outputs, codec, cuts, jointRows });
    },
    memoryOf(program, machine) {
      const of = { job, program, segments, optimizer, optimizerConfig, machine };
      const samples = local ? residentBytes(dataset, job, program.input) : 0;
      const kept = memoryOf(of, samples);
      const fits = Object.values(kept).reduce((a, b) => a + b, 0) <= MEMORY_LIMIT;
      return samples === 0 || fits ? kept : memoryOf(of, 0);
    },
  });
  return {
    program,
    segments,
    transforms,
    optimizer,
    optimizerConfig,
    machine,
    warnings: warningsOf(job),
    resident: memory['samples'] !== undefined,
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

interface Sized extends Pick<Prepared, 'program' | 'segments' | 'optimizer' | 'optimizerConfig' | 'machine'> {
  readonly job: Job;
}

/** Bytes by purpose. @param samples of these, if they are kept whole; else 0 */
function memoryOf(of: Sized, samples: number): Record<string, number> {
  const { job, program, segments, optimizer, optimizerConfig, machine } = of;
  const { threads, teamSize, level, depth, slots, ranges, staging } = machine;
  const { microShards } = job;
  const slotCount = slotsOf(optimizer, optimizerConfig).length;
  const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
  const versions = { segments, bytes: 0, slotBytes: 0, slots: [], of: () => ({ parameters: 0, slots: 0 }) };
  const { contribution } = program;
  const teams = threads / teamSize;
  const sizes = { ranges, microShards, depth, staging };
  const store = localStoreBytes({ versions, contribution, optimizer, optimizerConfig, ...sizes });
  return {
    parameters_and_optimizer: versionsBytes(segments, slotCount),
    activations: alignUp(poolBytes(threads, teamSize, arenaBytes)),
    ...wasmExecutorBytes(program, { microShards, teams, depth, level, samples: samples && job.batch }),
    updates: store,
    ...(samples > 0
      ? { batches: residentFeedBytes(program.input, { teams, depth }), samples }
      : { batches: feedBytes(program.input, Math.ceil(microShards / 2 ** level), slots) }),
  };
}

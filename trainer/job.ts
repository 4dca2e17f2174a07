// job.ts: the job: what to train, read once and checked. Not how it is run, and nothing of the machine that runs it.
import { z } from 'zod';
import { check, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { canonicalJson, sha256 } from '../base/hash.ts';
import { augmentSchema } from '../datasets/augment/index.ts';
import { samplerSchema } from '../datasets/samplers/index.ts';
import { callbackSchema, deciding } from './callbacks/index.ts';
import { codecNames } from './codecs/index.ts';
import { figureNames, type JobOutput, outputKeys, readOutputs, writeOutputs } from './job-outputs.ts';
import { freezeLayers, layersOf } from './layer-patterns.ts';
import { perLeaf } from './layers/index.ts';
import type { Model } from './model.ts';
import { moduleSchema } from './modules.ts';
import { optimizerSchema } from './optimizers/index.ts';
import { parseModel } from './parse-model.ts';
import { phasesOf, restingLayers } from './phases.ts';

const count = z.int().positive();
const perChannel = <T extends z.ZodType<number>>(value: T) => z.union([value, z.array(value).nonempty()]);
/** Layers by name or pattern; until null: for good. */
const frozen = z
  .union(
    [z.string(), strict({ layers: z.string(), until: count.nullable().default(null) })],
    'a name or {layers, until}',
  )
  .transform((value) => (typeof value === 'string' ? { layers: value, until: null } : value));
const jobSchema = strict({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a name that can be a folder: letters, digits and . _ -')
    .optional(),
  model: z.unknown().optional(), // that it is there is checked with what it says
  data: z.looseObject({ reader: z.string() }),
  normalize: strict({
    mean: perChannel(z.number()).default(0),
    std: perChannel(z.number().positive()).default(1),
  }).prefault({
    mean: 0,
    std: 1,
  }),
  sampler: samplerSchema.prefault('shuffled'),
  augment: z.array(augmentSchema).default([]),
  ...outputKeys,
  freeze: z.array(frozen).default([]),
  rates: z.array(strict({ layers: z.string(), factor: z.number().positive() })).default([]),
  modules: z.array(moduleSchema).default([]),
  optimizer: optimizerSchema,
  callbacks: z.array(callbackSchema).default([]),
  batch: count.default(32),
  epochs: count,
  seed: z.int().nonnegative().default(1),
  microShards: count.max(4096).optional(),
  codec: z.enum(codecNames).default('f32'),
  tolerance: z.number().positive().lt(1).nullable().default(null),
  recompute: z.union([z.boolean(), z.literal('auto')], 'true, false or "auto"').default('auto'),
  evaluateEvery: count.default(1),
  checkpoint: strict({ everySteps: count.nullable().default(null), keep: count.default(3) }).prefault({}),
});
type JobConfig = z.output<typeof jobSchema>;

/** A job, every default filled in. */
export interface Job extends Omit<JobConfig, 'name' | 'model' | 'microShards' | keyof typeof outputKeys> {
  /** Of the run. Default: the file's, without its folder and ending. */
  readonly name: string;
  /** Frozen layers are marked in it. */
  readonly model: Model;
  /** As the model's outputs. */
  readonly outputs: readonly JobOutput[];
  /** The model as it was written, in Keras' dialect. */
  readonly modelConfig: unknown;
  /** How many parts a batch is computed in, whatever the machine. */
  readonly microShards: number;
  // data: {reader, ...} is checked by its reader.
  // recompute: whether activations are computed again while training runs backward; "auto": where they do not fit otherwise.
  // rates: learning rates of layers, by name or pattern, as factors of the job's (rates.ts); the last that names a layer counts.
  // freeze: layers that stay as they begin, by name or pattern (layer-patterns.ts), for good or until so many epochs are done (phases.ts).
  // codec: what becomes of each leaf's gradient sums before they are added (codecs/).
  // tolerance: how far the gradients of a worker with another profile may be from the run's, so that it may join; null: not at all.
  // modules: files that register layers and losses of the user's own, imported before the job is read (modules.ts).
  // sampler: the order in which training draws its samples (datasets/samplers/).
  // augment: changes of samples on their way to the model (datasets/augment/), in order.
  // normalize: applied after u8 pixels are divided by 255; one number, or one for each channel.
  // checkpoint.everySteps: null for every epoch.
}

/** Samples of a micro-shard below which its statistics say little of the data. */
export const STATISTICS_ROWS = 16;

/** The largest power of two that leaves at least `least` samples to each, from 1 to 64. */
export function defaultMicroShards(batch: number, least: number): number {
  let shards = 1;
  while (shards < 64 && shards * 2 <= batch / least) shards *= 2;
  return shards;
}

const jobError = (operation: string, got: string, expected: string, hint: string): ShoalError =>
  new ShoalError({ code: 'SHOAL_JOB', operation, got, expected, hint });

/**
 * Checks a job, fills in its defaults and reads its model.
 * @param origin where the job comes from, for messages and the default name: "examples/digits.json"
 * @throws SHOAL_JOB, and what parseModel throws
 */
export function parseJob(json: unknown, origin: string): Job {
  const operation = `read the job ${origin}`;
  const hint = 'docs/job.md describes every key.';
  const { name, model, microShards, loss, lossWeights, sampleWeights, metrics, ...rest } = check(jobSchema, json, {
    code: 'SHOAL_JOB',
    operation,
    hint,
  });
  if (model === undefined) throw jobError(operation, 'model: nothing', "a model in Keras' dialect", hint);
  const unfrozen = parseModel(model);
  const patterns = (freeze: typeof rest.freeze) => freeze.map(({ layers }) => layers);
  layersOf(unfrozen, [...patterns(rest.freeze), ...rest.rates.map(({ layers }) => layers)], operation);
  const forGood = patterns(rest.freeze.filter(({ until }) => until === null));
  const parsed = freezeLayers(unfrozen, layersOf(unfrozen, forGood, operation));
  const outputs = readOutputs(parsed, { loss, lossWeights, sampleWeights, metrics }, operation);
  const shards = microShards ?? defaultMicroShards(rest.batch, perLeaf(parsed) ? STATISTICS_ROWS : 8);
  if (shards > rest.batch) {
    const got = `${shards} microShards for a batch of ${rest.batch}`;
    throw jobError(operation, got, 'at most one for each sample', 'Lower microShards, or leave it out.');
  }
  const { mean, std } = rest.normalize;
  if (Array.isArray(mean) && Array.isArray(std) && mean.length !== std.length) {
    const got = `normalize: ${mean.length} means and ${std.length} deviations`;
    throw jobError(operation, got, 'as many of each', 'Give one number, or one for each channel.');
  }
  checkCallbacks(rest, outputs, operation);
  checkOptimizer(rest, operation);
  return { ...rest, name: name ?? nameOf(origin), microShards: shards, model: parsed, outputs, modelConfig: model };
}

/** Callbacks watch what is measured; a rate that is lowered is a number. @throws SHOAL_JOB */
function checkCallbacks(
  { callbacks, optimizer }: Pick<JobConfig, 'callbacks' | 'optimizer'>,
  outputs: readonly JobOutput[],
  operation: string,
): void {
  const figures = figureNames(outputs).map((name) => `val_${name}`);
  for (const { class_name, config } of callbacks) {
    if ('monitor' in config && !figures.includes(config.monitor)) {
      const got = `${class_name} that monitors "${config.monitor}"`;
      throw jobError(operation, got, `one of ${figures.join(', ')}`, 'Measure it: add it to metrics.');
    }
    if (class_name === 'ReduceLROnPlateau' && typeof optimizer.config.learning_rate !== 'number') {
      const got = `${class_name} beside the schedule ${optimizer.config.learning_rate.class_name}`;
      throw jobError(operation, got, 'a learning_rate that is a number', 'Take one of the two.');
    }
  }
}

/** One way of clipping at most; and averages that something is made of. @throws SHOAL_JOB */
function checkOptimizer({ optimizer: { config } }: Pick<JobConfig, 'optimizer'>, operation: string): void {
  const set = (['clipvalue', 'clipnorm', 'global_clipnorm'] as const).filter((key) => config[key] !== null);
  if (set.length > 1)
    throw jobError(operation, set.join(' and '), 'one way of clipping gradients', 'Leave one of them.');
  if (config.use_ema && config.ema_overwrite_frequency === null) {
    // Keras replaces the weights when fit() ends; here a run that goes on for more epochs has the bytes of one that was told so at once
    const hint = 'Give the updates of an epoch: each evaluation and the end of training then have the averages.';
    throw jobError(operation, 'use_ema alone', 'ema_overwrite_frequency beside it', hint);
  }
}

const nameOf = (origin: string): string => {
  const file = origin
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.[^.]*$/, '');
  return file.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'job';
};

/** The job as JSON that parseJob reads back to the same job. */
export function jobToJson({ model: _, modelConfig, outputs, ...job }: Job): Record<string, unknown> {
  return { ...job, ...writeOutputs(outputs), model: modelConfig };
}

/**
 * SHA-256 of what decides the bits of every step, beside the profile. Left out: the name, how far to train, what is measured and saved,
 * and the tolerance, which lets other profiles in and changes no bit by itself.
 * Defaults count as if they were written, so leaving one out or spelling it gives the same hash.
 */
export function jobHash(job: Job): Promise<string> {
  const { data, sampler, augment, normalize, optimizer, batch, seed, microShards, codec, freeze } = job;
  const rests = phasesOf({ freeze, epochs: Number.POSITIVE_INFINITY }).map(({ from }) => [
    from,
    [...restingLayers(job, from)],
  ]);
  const outputs = job.outputs.map(({ name, loss, weight, sampleWeights }) => ({
    ...{ name, loss, weight },
    ...(sampleWeights !== null && { sampleWeights }),
  }));
  // The order of the layers is the order of the weights, and canonical JSON sorts keys.
  const model = { ...job.model, layers: Object.entries(job.model.layers) };
  const callbacks = deciding(job.callbacks);
  // what callbacks see of the run decides its bits, too
  const watched = callbacks.length === 0 ? {} : { callbacks, evaluateEvery: job.evaluateEvery };
  const augmented = augment.length === 0 ? {} : { augment };
  const drawn = sampler.class_name === 'shuffled' ? {} : { sampler };
  const bits = {
    model,
    rests,
    rates: job.rates,
    data,
    normalize,
    outputs,
    optimizer,
    batch,
    seed,
    microShards,
    codec,
    ...(job.modules.length > 0 && { modules: job.modules.map(({ sha256 }) => sha256) }),
    ...augmented,
    ...drawn,
    ...watched,
  };
  return sha256(canonicalJson(bits));
}

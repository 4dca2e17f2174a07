// train-model.ts: train(): a model and arrays in, a trained model out, in one call. The command line's own path is trainer/session.ts.
import { ShoalError } from '../base/errors.ts';
import { type Arrays, readerFromArrays } from '../datasets/from-arrays.ts';
import { type Dataset, dtypeOf, type Field, type Reader } from '../datasets/reader.ts';
import type { Metrics, RunEvent } from './events.ts';
import { exportTfjs } from './export/tfjs.ts';
import { checkIds } from './ids.ts';
import { importTfjs, type TfjsModel } from './import/tfjs.ts';
import { type Job, parseJob } from './job.ts';
import { elements } from './model.ts';
import type { NamedWeight } from './order-weights.ts';
import { type Predictions, predictSnapshot } from './predict.ts';
import { runSession } from './session.ts';
import { flatWeights, freshSnapshot, snapshotWeights } from './snapshot.ts';
import { segmentsOf } from './weights.ts';
import { writeError } from './write-error.ts';

/** All samples of one part of a dataset, packed. */
export interface Samples {
  /** (n, ...input shape): bytes are pixels from 0 to 255; other numbers, and ids for an Embedding, are taken as they are. */
  readonly images: Uint8Array | Float32Array | Int32Array;
  /** (n): a class for each sample; or f32 (n, ...output shape): the outputs wanted. */
  readonly labels: Uint8Array | Int32Array | Float32Array;
  /** (n), or (n, places): by which the losses of samples, or of their places, are multiplied. Default: 1 for all. */
  readonly weights?: Float32Array;
}

/** Keras' name of a thing, or {class_name, config}. */
export type Named = string | { readonly class_name: string; readonly config?: object };

/** Everything that a job says beside its model and data (docs/job.md), and how to run it. */
export interface TrainOptions {
  readonly loss: Named;
  /** Default "adam". */
  readonly optimizer?: Named;
  /** Default ["accuracy"]. */
  readonly metrics?: readonly (string | { readonly name: 'top_k'; readonly k: number })[];
  /** The field of a Dataset with a weight for each sample. Of arrays: that of Samples.weights. Default none. */
  readonly sampleWeights?: string;
  /** Keras' names, with options: docs/job.md. Default none. */
  readonly callbacks?: readonly Named[];
  /** Default 32. */
  readonly batch?: number;
  /** Default 1. */
  readonly epochs?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Applied after pixels are divided by 255. Default {mean: 0, std: 1}: nothing. */
  readonly normalize?: { readonly mean?: number | readonly number[]; readonly std?: number | readonly number[] };
  /** Default: from the batch. */
  readonly microShards?: number;
  /** Start from the weights that a tfjs model has. Default false: from the values that the seed gives. */
  readonly keepWeights?: boolean;
  /** Default: as many as the machine runs at once. Never changes a bit. */
  readonly threads?: number;
  /** Aborted: training ends after the step under way. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

export interface Trained {
  /** Of the last epoch, on the held-out part. */
  readonly metrics: Metrics;
  /** SHA-256 over the flat f32 vectors in Keras' order, little endian. */
  readonly hashes: { readonly parameters: string; readonly state: string; readonly optimizer: string };
  /** By name: "conv2d/kernel". In Keras' order. */
  readonly weights: readonly NamedWeight[];
  /** Writes tfjs' model.json and weight files into a directory. @returns the path of model.json */
  save(directory: string): Promise<string>;
  /** (n, ...input shape), as in Samples. */
  predict(images: Samples['images']): Promise<Predictions>;
}

/**
 * Trains a model on this machine.
 * @param model of tfjs (which stays untouched), or a configuration in Keras' dialect
 * @param dataset readers of both parts, or arrays
 * @throws ShoalError SHOAL_JOB, SHOAL_MODEL, SHOAL_SHAPE, SHOAL_DATA_*, SHOAL_NOT_FINITE and others: docs/errors.md
 */
export async function train(
  model: TfjsModel | object,
  dataset: Dataset | { readonly train: Samples; readonly test: Samples },
  options: TrainOptions,
): Promise<Trained> {
  const { threads, signal, onEvent, keepWeights = false, optimizer = 'adam', epochs = 1, ...rest } = options ?? {};
  checkDataset(dataset);
  const imported = isTfjs(model) ? importTfjs(model) : { config: model, weights: undefined };
  const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const weighed = 'images' in dataset.train && dataset.train.weights !== undefined;
  const json = {
    ...{ name: 'train', model: imported.config, data: { reader: 'arrays' }, optimizer, epochs },
    ...(weighed && { sampleWeights: WEIGHTS }),
    ...said,
  };
  const draft = parseJob(json, 'the options of train()');
  const data = 'images' in dataset.train ? fromArrays(draft, dataset as Parts) : (dataset as Dataset);
  // the data's hashes are part of what the job is
  const job: Job = { ...draft, data: { reader: 'arrays', train: data.train.hash, test: data.test.hash } };
  if (keepWeights && !imported.weights) throw noWeights();
  const { done, weights: last } = await runSession({
    job,
    dataset: data,
    start: keepWeights ? freshSnapshot(job, flatWeights(job.model, imported.weights!)) : null,
    ...(threads !== undefined && { threads }),
    ...(signal && { signal }),
    ...(onEvent && { onEvent }),
  });
  const weights = snapshotWeights(job.model, last);
  return {
    metrics: done.metrics,
    hashes: { parameters: done.parameters_sha256, state: done.state_sha256, optimizer: done.optimizer_sha256 },
    weights,
    save: (directory) =>
      exportTfjs(directory, { model: job.model, weights }).catch((error: unknown) => {
        throw writeError(error, `save the model in ${directory}`);
      }),
    predict: (images) => predictSnapshot({ job, snapshot: last, images }),
  };
}

interface Parts {
  readonly train: Samples;
  readonly test: Samples;
}

const isTfjs = (model: TfjsModel | object): model is TfjsModel =>
  typeof model === 'object' && // and not null: who calls this from JavaScript is told by parseModel
  model !== null &&
  'toJSON' in model &&
  typeof model.toJSON === 'function' &&
  'weights' in model;

/** The field that weights given as an array are in. */
const WEIGHTS = 'weight';

function fromArrays({ model }: Job, parts: Parts): Dataset {
  const output = segmentsOf(model).shapes[model.outputs[0]!]!.shape;
  const input = model.inputs[0]!;
  const reader = ({ images, labels, weights }: Samples, origin: string): Reader => {
    const label: Field = labels instanceof Float32Array ? { shape: output, dtype: 'f32' } : { shape: [], dtype: 'i32' };
    checkIds(model, input, images, origin);
    const places = (weights?.length ?? 0) / (images.length / elements(input.spec.shape));
    const arrays: Arrays = {
      fields: {
        image: { shape: input.spec.shape, dtype: dtypeOf(images) },
        label,
        ...(weights && {
          [WEIGHTS]: { shape: places > 1 && Number.isInteger(places) ? [places] : [], dtype: 'f32' },
        }),
      },
      data: {
        image: images,
        label: labels instanceof Uint8Array ? Int32Array.from(labels) : labels,
        ...(weights && { [WEIGHTS]: weights }),
      },
      // one output tells two classes apart
      classes: labels instanceof Float32Array ? null : Math.max(2, elements(output)),
      origin,
    };
    return readerFromArrays(arrays);
  };
  return { train: reader(parts.train, 'dataset.train'), test: reader(parts.test, 'dataset.test') };
}

/** What a caller without types may have given. @throws SHOAL_JOB */
function checkDataset(dataset: Dataset | Parts): void {
  for (const name of ['train', 'test'] as const) {
    const part: Partial<Samples> | Reader | undefined = dataset?.[name];
    if (typeof part !== 'object' || part === null) throw wrongData(`no dataset.${name}`, 'samples, or a reader');
    if (!('images' in part)) {
      if ('read' in part) continue;
      throw wrongData(`dataset.${name} without images`, 'samples, or a reader');
    }
    for (const [key, types] of ARRAYS) {
      const array: unknown = part[key];
      if ((key === 'weights' && array === undefined) || types.some((type) => array instanceof type)) continue;
      const got = `dataset.${name}.${key}: ${array instanceof Object ? array.constructor.name : typeof array}`;
      throw wrongData(got, types.map(({ name: type }) => type).join(' or '));
    }
  }
  if ('images' in dataset.train !== 'images' in dataset.test)
    throw wrongData('samples beside a reader', 'two of a kind: dataset.train and dataset.test');
}

const ARRAYS = [
  ['images', [Uint8Array, Float32Array, Int32Array]],
  ['labels', [Uint8Array, Int32Array, Float32Array]],
  ['weights', [Float32Array]],
] as const;

const wrongData = (got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_JOB',
    operation: 'read the dataset of train()',
    got,
    expected,
    hint: 'For example {train: {images, labels}, test: {images, labels}}: typed arrays, the samples one behind another.',
  });

const noWeights = (): ShoalError =>
  new ShoalError({
    code: 'SHOAL_JOB',
    operation: 'read the options of train()',
    got: 'keepWeights with a configuration, which has no weights',
    expected: 'a model of tfjs',
    hint: 'Give a tf.Sequential or tf.LayersModel, or leave keepWeights out.',
  });

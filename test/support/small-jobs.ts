// small-jobs.ts: jobs that train in milliseconds, on data made from a counter. Not the examples, and nothing is learnt from them.
import { draws, unit } from '../../base/random.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset } from '../../datasets/reader.ts';
import { type Job, parseJob } from '../../trainer/job.ts';

const layer = (class_name: string, config: object = {}) => ({ class_name, config });

/** Narrow, but with every kind of call: convolutions with and without a halo, pooling, dropout, dense. */
export const convNet = [
  layer('InputLayer', { batch_shape: [null, 8, 8, 1] }),
  layer('Conv2D', { filters: 5, kernel_size: 3, padding: 'same', activation: 'relu' }),
  layer('MaxPooling2D', { pool_size: 2 }),
  layer('Conv2D', { filters: 6, kernel_size: 3, activation: 'relu' }),
  layer('Dropout', { rate: 0.25 }),
  layer('Flatten'),
  layer('Dense', { units: 4, activation: 'softmax' }),
];

/** Its second convolution is long, forward and backward, even for three samples: threads look for help in its midst. */
export const longNet = [
  layer('InputLayer', { batch_shape: [null, 8, 8, 1] }),
  layer('Conv2D', { filters: 32, kernel_size: 1, activation: 'relu' }),
  layer('Conv2D', { filters: 40, kernel_size: 3, padding: 'same', activation: 'relu' }),
  layer('GlobalAveragePooling2D'),
  layer('Dense', { units: 4, activation: 'softmax' }),
];

/** Its first kernel has more than one update block, so that two ranges cut a tensor. */
export const mlp = [
  layer('InputLayer', { batch_shape: [null, 8, 8, 1] }),
  layer('Flatten'),
  layer('Dense', { units: 80, activation: 'tanh' }),
  layer('Dropout', { rate: 0.5 }),
  layer('Dense', { units: 19, activation: 'relu' }),
  layer('Dense', { units: 4, activation: 'softmax' }),
];

/** Wide enough that the sums of its last two layers, then of the one before, can leave while it runs backward. */
export const wideMlp = [
  ...mlp.slice(0, 2),
  layer('Dense', { units: 256, activation: 'relu' }),
  layer('Dense', { units: 300, activation: 'relu' }),
  layer('Dense', { units: 300, activation: 'tanh' }),
  layer('Dense', { units: 4, activation: 'softmax' }),
];

/** Updating its weights takes as long as computing what a few samples say of them. */
export const heavyMlp = [
  ...mlp.slice(0, 2),
  layer('Dense', { units: 700, activation: 'relu' }),
  layer('Dense', { units: 700, activation: 'relu' }),
  layer('Dense', { units: 4, activation: 'softmax' }),
];

/** `mlp` with regularizers and constraints. */
export const boundedMlp = [
  ...mlp.slice(0, 2),
  layer('Dense', {
    ...{ units: 80, activation: 'tanh', kernel_regularizer: 'l2' },
    kernel_constraint: { class_name: 'MaxNorm', config: { max_value: 0.7 } },
  }),
  layer('Dropout', { rate: 0.5 }),
  layer('Dense', { units: 19, activation: 'relu', kernel_regularizer: 'l1', bias_constraint: 'non_neg' }),
  layer('Dense', { units: 4, activation: 'softmax', kernel_constraint: 'unit_norm' }),
];

/** A job on that model; `changes` are keys of the job. */
export function smallJob(layers: readonly object[], changes: object = {}): Job {
  return parseJob(
    {
      name: 'small',
      model: { class_name: 'Sequential', config: { name: 'small', layers } },
      data: { reader: 'arrays' }, // the session is given the dataset
      loss: 'sparse_categorical_crossentropy',
      optimizer: 'adam',
      epochs: 2,
      ...changes,
    },
    'test',
  );
}

/** Images (8, 8, 1) u8 in which the label's quarter is bright, and labels 0 to 3. */
export function smallDataset(train: number, test: number): Dataset {
  const make = (length: number, seed: number) => {
    const random = draws([seed, 0], 0, 0, 0);
    const label = Int32Array.from({ length }, (_, i) => random(i) & 3);
    const image = Uint8Array.from({ length: 64 * length }, (_, i) => {
      const quarter = 2 * Math.floor((i % 64) / 32) + Math.floor((i % 8) / 4);
      return 120 * unit(random(length + i)) + (quarter === label[Math.floor(i / 64)] ? 100 : 0);
    });
    return readerFromArrays({
      fields: { image: { shape: [8, 8, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
      data: { image, label },
      classes: 4,
    });
  };
  return { train: make(train, 1), test: make(test, 2) };
}

// tiny.ts: a dataset that a small model learns in no time, as arrays and as IDX files, and a job for it. Not a test.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draws, seedWords } from '../../base/random.ts';

export const SIDE = 8;
export const CLASSES = 4;

/** Images of noise in which one quarter is bright: the class. */
export function tinySamples(n: number, seed: number): { images: Uint8Array; labels: Uint8Array } {
  const word = draws(seedWords(seed), 0, 0, 0);
  const labels = Uint8Array.from({ length: n }, (_, i) => word(i) % CLASSES);
  const images = Uint8Array.from({ length: n * SIDE * SIDE }, (_, i) => {
    const [sample, y, x] = [Math.floor(i / SIDE ** 2), Math.floor(i / SIDE) % SIDE, i % SIDE];
    const quarter = 2 * Number(y >= SIDE / 2) + Number(x >= SIDE / 2);
    return (word(n + i) % 128) + (labels[sample] === quarter ? 100 : 0);
  });
  return { images, labels };
}

function idx(dimensions: readonly number[], data: Uint8Array): Uint8Array {
  const header = new Uint8Array(4 + 4 * dimensions.length);
  header.set([0, 0, 8, dimensions.length]);
  dimensions.forEach((n, i) => {
    new DataView(header.buffer).setUint32(4 + 4 * i, n);
  });
  return Buffer.concat([header, data]);
}

/** Writes both parts into a directory, made if absent. */
export function writeTinyData(directory: string, train: number, test: number): void {
  mkdirSync(directory, { recursive: true });
  for (const [part, n, seed] of [
    ['train', train, 1],
    ['t10k', test, 2],
  ] as const) {
    const { images, labels } = tinySamples(n, seed);
    writeFileSync(join(directory, `${part}-images-idx3-ubyte`), idx([n, SIDE, SIDE], images));
    writeFileSync(join(directory, `${part}-labels-idx1-ubyte`), idx([n], labels));
  }
}

export const tinyModel = {
  class_name: 'Sequential',
  config: {
    name: 'tiny',
    layers: [
      { class_name: 'InputLayer', config: { batch_shape: [null, SIDE, SIDE, 1] } },
      { class_name: 'Conv2D', config: { filters: 4, kernel_size: 3, activation: 'relu' } },
      { class_name: 'MaxPooling2D', config: {} },
      { class_name: 'Flatten', config: {} },
      { class_name: 'Dense', config: { units: CLASSES, activation: 'softmax' } },
    ],
  },
};

/** A job over the files of writeTinyData. */
export const tinyJob = (path: string) => ({
  model: tinyModel,
  data: { reader: 'idx', path, classes: CLASSES },
  loss: 'sparse_categorical_crossentropy',
  optimizer: { class_name: 'Adam', config: { learning_rate: 0.03 } },
  batch: 16,
  epochs: 2,
});

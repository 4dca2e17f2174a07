// model-determinism.test.ts: narrow ResNet-18, ViT-tiny and Transformer encoder: the same bytes on any machine, and resumed. At full width,
// killed, and in several processes: test/verify/determinism.ts.
import assert from 'node:assert/strict';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset, Reader } from '../../datasets/reader.ts';
import { parseJob } from '../../trainer/job.ts';
import { dataset as images, outcome, smallRun } from '../support/small-run.ts';

const LENGTH = 6;
const IDS = 7;

/** Rows of ids, padded with 0 to different lengths, and how their sums fall into 4 classes. */
function rows(count: number): Reader {
  const image = new Int32Array(count * LENGTH);
  const label = new Int32Array(count);
  for (let row = 0; row < count; row++)
    for (let i = 0; i < 2 + (row % (LENGTH - 1)); i++) {
      const id = 1 + ((5 * row + 3 * i * i) % (IDS - 1));
      image[row * LENGTH + i] = id;
      label[row] = (label[row]! + id) % 4;
    }
  return readerFromArrays({
    fields: { image: { shape: [LENGTH], dtype: 'i32' }, label: { shape: [], dtype: 'i32' } },
    data: { image, label },
    classes: 4,
  });
}
const texts: Dataset = { train: rows(43), test: rows(23) };

const tiny = { width: 8, depth: 2, heads: 2, inner: 12, dropout: 0.2 };
const MODELS: Readonly<Record<string, { model: object; optimizer: object; dataset: Dataset }>> = {
  'ResNet-18': {
    model: { builder: 'resnet18', width: 1 / 16, stem: 'small', input: [8, 8, 1], classes: 4 },
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.05, momentum: 0.9, nesterov: true } },
    dataset: images,
  },
  'ViT-tiny': {
    model: { builder: 'vit_tiny', ...tiny, patch: 3, input: [8, 8, 1], classes: 4 },
    optimizer: { class_name: 'AdamW', config: { learning_rate: 0.01, global_clipnorm: 1 } },
    dataset: images,
  },
  'the Transformer encoder': {
    model: { builder: 'transformer_encoder', ...tiny, vocabulary: IDS, length: LENGTH, classes: 4, maskZero: true },
    optimizer: { class_name: 'Adam', config: { learning_rate: 0.01 } },
    dataset: texts,
  },
};

/** Threads, threads of a team, ranges, level of bundles. */
const MACHINES = [
  [2, 1, 3, 1],
  [2, 2, 1, 0],
  [3, 1, 2, 2],
  [4, 2, 1, 1],
] as const;

for (const [name, { model, optimizer, dataset }] of Object.entries(MODELS))
  describe(`${name}, narrow`, () => {
    // batches of 18, 18 and 7 rows: micro-shards of 4, 4, 4, 3 and 3, of 2 and 1
    const json = { model, optimizer, data: { reader: 'arrays' }, loss: 'sparse_categorical_crossentropy' };
    const job = parseJob({ ...json, metrics: ['accuracy'], batch: 18, microShards: 5, epochs: 2 }, name);
    const alone = { dataset, threads: 1, teamSize: 1, ranges: 1, level: 0 };

    it('ends with the same hashes and metrics on any number of threads, in teams, ranges and bundles', async () => {
      const expected = outcome(await smallRun(job, alone));
      assert.equal(expected.steps, 6);
      for (const [threads, teamSize, ranges, level] of MACHINES) {
        const run = await smallRun(job, { dataset, threads, teamSize, ranges, level });
        assert.deepEqual(outcome(run), expected, `${threads} threads in teams of ${teamSize}`);
      }
      const other = outcome(await smallRun({ ...job, seed: 2 }, alone));
      assert.notEqual(other.parameters_sha256, expected.parameters_sha256);
    });

    it('does so when it is resumed after every step, and when its activations are computed again', async () => {
      const often = await smallRun({ ...job, checkpoint: { everySteps: 1, keep: 3 } }, alone);
      const expected = outcome(often);
      for (const start of often.saved.slice(0, -1)) {
        const run = await smallRun(job, { dataset, start, threads: 1 + (start.version % 3) });
        assert.deepEqual(outcome(run), expected, `from step ${start.version}`);
      }
      const again = await smallRun({ ...job, recompute: true }, { dataset, threads: 2 });
      assert.deepEqual(outcome(again), expected);
    });
  });

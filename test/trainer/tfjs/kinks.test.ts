// kinks.test.ts: gradients by tfjs where a layer has a kink exactly at its value, as on black images: 0, and equal maxima. Not of values beside
// them: test/cases/lowering.ts.
import assert from 'node:assert/strict';
import { readerFromArrays } from '../../../datasets/from-arrays.ts';
import type { Reader } from '../../../datasets/reader.ts';
import { executorNamed } from '../../../trainer/tfjs-executor.ts';
import { configOf, type Node } from '../../cases/layer.ts';
import { smallJob } from '../../support/small-jobs.ts';
import { smallRun } from '../../support/small-run.ts';

/** Images (8, 8, 1), most of them black. */
function dark(length: number): Reader {
  const image = Uint8Array.from({ length: 64 * length }, (_, i) => ((i * 7919) % 13 < 2 ? (i * 31) % 200 : 0));
  const label = Int32Array.from({ length }, (_, i) => i % 4);
  return readerFromArrays({
    fields: { image: { shape: [8, 8, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
    data: { image, label },
    classes: 4,
  });
}
const dataset = { train: dark(24), test: dark(8) };

/** Behind a convolution whose biases begin at 0. */
const CASES: Readonly<Record<string, Node>> = {
  'relu6 at 0': ['Activation', { activation: 'relu6' }],
  'relu at 0': ['Activation', { activation: 'relu' }],
  'elu at 0': ['ELU', { alpha: 0.5 }],
  'leaky_relu at 0': ['LeakyReLU'],
  'equal maxima of windows': ['MaxPooling2D', { pool_size: 2 }],
  'equal maxima of whole images': ['GlobalMaxPooling2D'],
  'equal maxima of whole images that keep their axes': ['GlobalMaxPooling2D', { keepdims: true }],
};

for (const backend of ['tfjs-cpu', 'tfjs-wasm'] as const)
  describe(`kinks by ${backend}`, () => {
    for (const [title, node] of Object.entries(CASES))
      it(`${title}: the held-out loss after six steps is within 1e-5 of our kernels'`, async () => {
        const model = configOf(
          [8, 8, 1],
          [
            ['Conv2D', { filters: 4, kernel_size: 3 }],
            node,
            ['Flatten'],
            ['Dense', { units: 4, activation: 'softmax' }],
          ],
        );
        const optimizer = { class_name: 'SGD', config: { learning_rate: 0.1 } };
        const job = smallJob([], { batch: 8, microShards: 2, optimizer, model });
        const executor = executorNamed(backend, job)!;
        const [ours, theirs] = [await smallRun(job, { dataset }), await smallRun(job, { dataset, executor })].map(
          ({ done }) => done.metrics['loss'] as number,
        ) as [number, number];
        assert.ok(Math.abs(theirs - ours) <= 1e-5 * ours, `${theirs}, not ${ours}`);
      });
  });

// losses.ts: computes the losses and counts of a device batch, and what they ask of the model's outputs, by our kernels on this thread.
import type { Seed } from '../../base/random.ts';
import { loadKernels } from '../../kernels/load.ts';
import { lengthOf } from '../contribution.ts';
import { createHostRunner } from '../host-runner.ts';
import { elements } from '../model.ts';
import type { LossProgram } from './loss-program.ts';

export interface LossBatch {
  readonly mode: 'train' | 'evaluate';
  readonly rows: number;
  /** Of the batch's first row in the global batch; and the step. */
  readonly slot: number;
  readonly step: number;
  /** The rows of each label, compact, by field. */
  readonly labels: Readonly<Record<string, Uint8Array>>;
}

export interface LossRunner {
  /** Takes a version's weights, as in memory: penalties of weights are part of the loss. */
  load(weights: Float32Array): void;
  /** @returns of each output its gradient, undivided; empty where the mode does not train. `scalars` receives the sums, added to what it has */
  run(batch: LossBatch, outputs: readonly Float32Array[], scalars: Float64Array): readonly Float32Array[];
}

export function createLossRunner(program: LossProgram, seed: Seed): LossRunner {
  const { host, outputs, labels, penalized, scalars: counts } = program;
  const segments = penalized.map(({ segment }) => segment);
  const { views, at, load, run } = createHostRunner(host, segments, loadKernels(), seed);
  const copies = new Float32Array(lengthOf(segments));
  return {
    load(weights) {
      for (const { from, segment } of penalized)
        copies.set(weights.subarray(from, from + segment.length), segment.flat);
      load(copies);
    },
    run(batch, given, scalars) {
      for (const { field, at: place } of labels) views.u8.set(batch.labels[field]!, at.input + place);
      outputs.forEach((output, i) => {
        views.f32.set(given[i]!, (at.input + output.at) >>> 2);
      });
      run(batch.mode, batch);
      const sums = (at.contribution + host.contribution.scalarsAt) / 8;
      const seen = new Float64Array(views.u8.buffer, 8 * sums, counts[batch.mode]);
      seen.forEach((sum, i) => {
        scalars[i]! += sum;
      });
      if (batch.mode !== 'train') return [];
      return outputs.map(({ gradient, shape }) => {
        const from = (at[gradient.space] + gradient.at) >>> 2;
        return views.f32.slice(from, from + batch.rows * elements(shape));
      });
    },
  };
}

// sampler.ts: which samples make up a step: a pure function of (seed, epoch, step). Reads no data; the orders stand in samplers/.
import { ShoalError } from '../base/errors.ts';
import { seedWords } from '../base/random.ts';
import { consecutive } from './permutation.ts';
import { type SamplerConfig, samplerKindOf } from './samplers/index.ts';
import type { Order } from './samplers/kind.ts';

export interface SamplerOptions {
  /** Samples in the dataset. */
  readonly length: number;
  /** Samples in a step: the global batch. */
  readonly batch: number;
  readonly seed: number;
  /** A new order each epoch; false keeps the dataset's, for evaluation. */
  readonly shuffle: boolean;
  /** Which order. Default: every sample once. */
  readonly by?: SamplerConfig;
  /** Of each sample, where the order asks for them (samplers/index.ts). */
  readonly labels?: Int32Array | null;
  readonly classes?: number;
}

export interface Sampler {
  /** The last step takes what is left, and may be smaller. */
  readonly stepsPerEpoch: number;
  /** The samples of a step, both counted from 0. @throws {ShoalError} SHOAL_DATA_INDEX */
  indices(epoch: number, step: number): Uint32Array;
}

/** What is kept from call to call changes no answer: the same question always has the same one. */
export function sampler(options: SamplerOptions): Sampler {
  const {
    length,
    batch,
    seed,
    shuffle,
    by = { class_name: 'shuffled', config: {} },
    labels = null,
    classes = 0,
  } = options;
  whole('dataset', length, 1);
  whole('batch', batch, 1);
  whole('seed', seed, 0);
  const stepsPerEpoch = Math.ceil(length / batch);
  const inOrder: Order = (_, first, size) => consecutive(first, size);
  const facts = { length, seed: seedWords(seed), labels, classes };
  const order = shuffle ? samplerKindOf(by).open(by.config as never, facts) : inOrder;
  return {
    stepsPerEpoch,
    indices(epoch, step) {
      whole('epoch', epoch, 0);
      whole('step', step, 0, stepsPerEpoch - 1);
      const first = step * batch;
      return order(epoch, first, Math.min(batch, length - first));
    },
  };
}

function whole(what: string, value: number, least: number, most = 2 ** 32 - 1): void {
  const limit = what === 'seed' ? Number.MAX_SAFE_INTEGER : most;
  if (Number.isInteger(value) && value >= least && value <= limit) return;
  throw new ShoalError({
    code: 'SHOAL_DATA_INDEX',
    operation: `choose samples: ${what}`,
    got: String(value),
    expected: `an integer from ${least} to ${limit}`,
    hint: 'Steps are counted from 0 within an epoch.',
  });
}

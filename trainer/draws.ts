// draws.ts: which samples each piece of work needs, by number. It reads none: feed.ts and resident-feed.ts do.
import type { Reader } from '../datasets/reader.ts';
import { type Sampler, sampler } from '../datasets/sampler.ts';
import { labelsOf, type SamplerConfig, samplerKindOf } from '../datasets/samplers/index.ts';
import { bundlesOf, type Work } from './work.ts';

export interface DrawsOptions {
  readonly train: Reader;
  readonly test: Reader;
  /** The order in which training draws. */
  readonly sampler: SamplerConfig;
  readonly batch: number;
  /** Leaves of a bundle, as a power of two. */
  readonly level: number;
  readonly seed: number;
}

/** @returns the samples of a work's node, bundle by bundle */
export function createDraws(options: DrawsOptions): (work: Work) => Uint32Array {
  const { train, test, sampler: by, batch, level, seed } = options;
  const drawnBy = samplerKindOf(by).byLabel ? { by, labels: labelsOf(train, by), classes: train.classes! } : { by };
  const orders = {
    gradient: sampler({ length: train.length, batch, seed, shuffle: true, ...drawnBy }),
    evaluate: sampler({ length: test.length, batch, seed, shuffle: false }),
  } satisfies Record<Work['kind'], Sampler>;
  return (work) => {
    const order = orders[work.kind];
    const step = work.kind === 'gradient' ? work.step % order.stepsPerEpoch : work.step;
    const bundles = bundlesOf(work, level);
    const last = bundles.at(-1)!;
    return order.indices(work.epoch, step).subarray(bundles[0]!.slot, last.slot + last.rows);
  };
}

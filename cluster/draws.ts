// draws.ts: the samples of a step as one hash, for the commit log and its audit. Not the choice of samples (datasets/sampler.ts).
import { createHash } from 'node:crypto';
import { type Sampler, sampler } from '../datasets/sampler.ts';

/** What a run draws from, as its log's open records say. */
export interface DrawFacts {
  readonly samples: number;
  readonly batch: number;
  readonly seed: number;
}

/** The training samples of a run. */
export const trainingSampler = ({ samples, batch, seed }: DrawFacts): Sampler =>
  sampler({ length: samples, batch, seed, shuffle: true });

/** sha256 of sample indices, each a u32, little endian, whatever the machine's order. */
export function hashDraws(indices: Uint32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * indices.length));
  indices.forEach((index, i) => {
    bytes.setUint32(4 * i, index, true);
  });
  return createHash('sha256').update(bytes).digest('hex');
}

/** Hashes of a run's gradient steps, counted from 0 over all epochs: for CoordinatorConfig.draws. */
export function drawsOf(facts: DrawFacts): (step: number) => string {
  const samples = trainingSampler(facts);
  const { stepsPerEpoch } = samples;
  return (step) => hashDraws(samples.indices(Math.floor(step / stepsPerEpoch), step % stepsPerEpoch));
}

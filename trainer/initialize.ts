// initialize.ts: the first values of a model's parameters. Not the initializers themselves (initializers.ts).
import { initialize } from './initializers.ts';
import { elements, type Model } from './model.ts';
import { chain } from './weights.ts';

/**
 * The flat, compact vector of a model's parameters before the first step: a pure function of the model and the seed.
 * @param seed a whole number from 0 to 2^53 - 1
 */
export function initializeParameters(model: Model, seed: number): Float32Array {
  const weights = chain(model).weights.filter(({ spec }) => spec.role === 'parameter');
  const flat = new Float32Array(weights.reduce((sum, { spec }) => sum + elements(spec.shape), 0));
  let from = 0;
  weights.forEach(({ spec }, slot) => {
    const to = from + elements(spec.shape);
    initialize(spec.initializer, spec.shape, seed, slot, flat.subarray(from, to));
    from = to;
  });
  return flat;
}

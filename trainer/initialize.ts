// initialize.ts: the first values of a model's weights. Not the initializers themselves (initializers.ts).
import { initialize } from './initializers.ts';
import { elements, type Model } from './model.ts';
import { chain } from './weights.ts';

/** All of a model's weights: two flat, compact vectors. */
export interface Weights {
  readonly parameters: Float32Array;
  /** Moving statistics, and whatever else no optimizer touches. */
  readonly state: Float32Array;
}

/**
 * The flat, compact vector of a model's parameters before the first step: a pure function of the model and the seed.
 * @param seed a whole number from 0 to 2^53 - 1
 */
export const initializeParameters = (model: Model, seed: number): Float32Array => firstValues(model, seed, 'parameter');

/** Parameters and state before the first step. */
export const initializeWeights = (model: Model, seed: number): Weights => ({
  parameters: initializeParameters(model, seed),
  state: firstValues(model, seed, 'state'),
});

function firstValues(model: Model, seed: number, role: 'parameter' | 'state'): Float32Array {
  const { weights } = chain(model);
  const own = weights.filter(({ spec }) => spec.role === role);
  const first = role === 'parameter' ? 0 : weights.length - own.length; // slots: those of the state come behind
  const flat = new Float32Array(own.reduce((sum, { spec }) => sum + elements(spec.shape), 0));
  let from = 0;
  own.forEach(({ spec }, i) => {
    const to = from + elements(spec.shape);
    initialize(spec.initializer, spec.shape, seed, first + i, flat.subarray(from, to));
    from = to;
  });
  return flat;
}

/** Both as one vector, as plans read them: the parameters, then the state. */
export function joined({ parameters, state }: Weights): Float32Array {
  if (state.length === 0) return parameters;
  const flat = new Float32Array(parameters.length + state.length);
  flat.set(parameters);
  flat.set(state, parameters.length);
  return flat;
}

/** The way back; nothing is copied. @param parameters elements of them */
export const parted = (flat: Float32Array, parameters: number): Weights => ({
  parameters: flat.subarray(0, parameters),
  state: flat.subarray(parameters),
});

// order-weights.ts: named weights, from a file or for one, against those of a model. Not where they lie in memory (weights.ts).

import type { Problem } from '../base/errors.ts';
import { ShoalError } from '../base/errors.ts';
import { elements, type Model } from './model.ts';
import { chain } from './weights.ts';

/** A weight with its values, named by layer and weight: "conv2d/kernel". */
export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const list = (names: readonly string[]): string => `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`;

/**
 * The given weights in Keras' order: by layer, then by the layer's own order, moving statistics included.
 * @throws the given code unless they are exactly the model's, by name, shape and number of values
 */
export function orderWeights(
  model: Model,
  given: readonly NamedWeight[],
  problem: Pick<Problem, 'code' | 'operation'>,
): NamedWeight[] {
  const fail = (got: string, expected: string) =>
    new ShoalError({ ...problem, got, expected, hint: 'The weights must be those of the model.' });
  const byName = new Map(given.map((weight) => [weight.name, weight]));
  const wanted = chain(model).weights.map(({ layer, spec }) => ({ name: `${layer}/${spec.name}`, shape: spec.shape }));
  const absent = wanted.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
  const names = new Set(wanted.map(({ name }) => name));
  const surplus = given.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  if (absent.length > 0)
    throw fail(`no ${list(absent)}${surplus.length > 0 ? ` but ${list(surplus)}` : ''}`, 'all weights');
  if (surplus.length > 0) throw fail(`the weights ${list(surplus)}`, 'only those of the model');
  if (given.length !== wanted.length) throw fail('a weight twice', 'each once');
  return wanted.map(({ name, shape }) => {
    const weight = byName.get(name)!;
    if (`${weight.shape}` !== `${shape}`) throw fail(`${name} of shape (${weight.shape})`, `(${shape})`);
    if (weight.data.length !== elements(shape))
      throw fail(`${weight.data.length} values of ${name}`, `${elements(shape)}`);
    return weight;
  });
}

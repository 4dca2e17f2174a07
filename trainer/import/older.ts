// older.ts: an activation that Keras 2 and tfjs compute otherwise than Keras 3 under the same name: it is refused, not taken for the other.
import { type Problem, ShoalError } from '../../base/errors.ts';
import type { Model } from '../model.ts';

/** @throws the given code for a layer with hard_sigmoid: x / 5 + 1 / 2 in Keras 2 and tfjs, x / 6 + 1 / 2 in Keras 3 and here */
export function checkOlder({ layers }: Model, problem: Pick<Problem, 'code' | 'operation'>): void {
  for (const [name, { config }] of Object.entries(layers)) {
    if (config['activation'] !== 'hard_sigmoid') continue;
    const got = `hard_sigmoid in the layer "${name}", of which Keras 3 and Shoal have another one`;
    const hint = 'Scale what it reads by 1.2, and save the model with Keras 3.';
    throw new ShoalError({ ...problem, got, expected: 'an activation that all of them have', hint });
  }
}

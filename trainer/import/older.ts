// older.ts: what Keras 2 and tfjs compute otherwise than Keras 3 under the same name: it is refused, not taken for the other.
import { type Problem, ShoalError } from '../../base/errors.ts';
import { otherwiseInTfjs } from '../export/tfjs-layers.ts';
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

/** @throws the given code for a layer of a model made in tfjs that would compute something else here */
export function checkOtherwise({ layers }: Model, problem: Pick<Problem, 'code' | 'operation'>): void {
  for (const [name, { className, config }] of Object.entries(layers)) {
    const [what, expected] = otherwiseInTfjs({ class_name: className, config }) ?? [];
    if (what === undefined || expected === undefined) continue;
    const got = `${what}, in the layer "${name}": tfjs computes it otherwise than Keras and Shoal`;
    const hint = 'Change the layer in tfjs; or give its configuration in place of the model, to train it anew.';
    throw new ShoalError({ ...problem, got, expected, hint });
  }
}

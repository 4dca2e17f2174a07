// torch.ts: weights of PyTorch models as safetensors files hold them -> a named model's. Not pickled files: convert those in Python.
import { ShoalError } from '../../base/errors.ts';
import type { SafetensorsTensor } from '../export/safetensors.ts';
import type { Files } from '../files.ts';
import type { Model } from '../model.ts';
import { nodeFiles } from '../node-files.ts';
import { type NamedWeight, orderWeights } from '../order-weights.ts';
import { fromTorch, torchTensors } from '../torch-names.ts';
import { chain } from '../weights.ts';
import { readSafetensors } from './safetensors.ts';

/** Counters that training in PyTorch keeps beside moving statistics. */
export const IGNORED = /\.num_batches_tracked$/;

/**
 * The weights of a model whose layers have PyTorch's names, from its state dict.
 * @throws SHOAL_MODEL_FILE unless the tensors are the model's, by name and shape
 */
export async function readTorch(path: string, model: Model, files: Files = nodeFiles): Promise<readonly NamedWeight[]> {
  const { tensors } = await readSafetensors(path, files, (name) => !IGNORED.test(name));
  return weightsFromTorch(model, tensors, `read the weights ${path}`);
}

/** The same, from tensors at hand. */
export function weightsFromTorch(
  model: Model,
  tensors: readonly SafetensorsTensor[],
  operation: string,
): readonly NamedWeight[] {
  const found = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const fail = (got: string, expected: string) => {
    const hint = 'Is it of the model, and of as many classes? Give --model with its options.';
    return new ShoalError({ code: 'SHOAL_MODEL_FILE', operation, got, expected, hint });
  };
  const wanted = torchTensors(model);
  const surplus = [...found.keys()].filter((name) => !wanted.some((tensor) => tensor.name === name));
  if (surplus.length > 0)
    throw fail(`${surplus.slice(0, 5).join(', ')}, which the model does not have`, 'its own tensors');
  const shapes = new Map(chain(model).weights.map(({ layer, spec }) => [`${layer}/${spec.name}`, spec.shape]));
  const weights = wanted.flatMap((tensor) => {
    const given = found.get(tensor.name);
    if (!given) throw fail(`no ${tensor.name}`, `it, of shape (${tensor.shape})`);
    if (`${given.shape}` !== `${tensor.shape}` || !(given.data instanceof Float32Array))
      throw fail(`${tensor.name} of shape (${given.shape})`, `f32 of shape (${tensor.shape})`);
    return fromTorch(tensor, given.data).map(({ name, data }) => ({ name, shape: shapes.get(name)!, data }));
  });
  return orderWeights(model, weights, { code: 'SHOAL_MODEL_FILE', operation });
}

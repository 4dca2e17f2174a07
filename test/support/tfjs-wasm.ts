// tfjs-wasm.ts: kernels of tfjs called by name on its backends `wasm`, with ours registered, and `cpu`. No judgement: cases/tfjs-op.ts.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

export type Dtype = 'float32' | 'int32' | 'bool';
export interface Given {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  /** Default float32. */
  readonly dtype?: Dtype;
}
export interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: Float32Array;
}

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
tf.env().set('IS_TEST', true); // no banner

/** Makes a backend the current one; `wasm` has our kernels. */
export async function useBackend(name: 'wasm' | 'cpu'): Promise<void> {
  if (name === 'wasm') await import('../../trainer/tfjs-wasm/index.ts');
  if (!(await tf.setBackend(name))) throw new Error(`tfjs has no backend ${name}`);
}

/** Runs a kernel of the current backend. @throws Error when it leaves tensors behind */
export function runKernel(
  name: string,
  inputs: Readonly<Record<string, Given>> | readonly Given[],
  attrs: object,
): Result {
  const before = tf.memory().numTensors;
  const data = tf.engine().backend.numDataIds();
  const toTensor = ({ shape, values, dtype = 'float32' }: Given) => tf.tensor(Array.from(values), [...shape], dtype);
  const given = Array.isArray(inputs)
    ? inputs.map(toTensor)
    : Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, toTensor(value)]));
  const output = tf.engine().runKernel(name, given as never, attrs as never) as tf.Tensor;
  const values = Float32Array.from(output.dataSync());
  tf.dispose([given, output] as never);
  if (tf.memory().numTensors !== before) throw new Error(`${name} left tensors behind`);
  if (tf.engine().backend.numDataIds() !== data) throw new Error(`${name} left data behind`);
  return { shape: output.shape, dtype: output.dtype, values };
}

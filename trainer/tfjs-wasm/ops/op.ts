// op.ts: what an op of ours is to tfjs, and how a gradient of two tensors runs by its recipe. No op by itself.
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { withFloats } from '../floats.ts';
import { allocate, type Recipe, recipeFor, run } from '../recipe.ts';

/** One kernel for tfjs' registry. */
export interface HeapOp {
  readonly kernelName: string;
  compute(inputs: NamedTensorInfoMap, attrs: NamedAttrMap, backend: BackendWasm): TensorInfo;
}

/**
 * Runs the recipe for these shapes and attributes, which is made at its first use.
 * @param shape of the result, f32
 * @throws SHOAL_TFJS_INPUT, SHOAL_TFJS_MEMORY
 */
export function runGradient(
  backend: BackendWasm,
  op: string,
  tensors: readonly [TensorInfo, TensorInfo],
  attrs: object,
  shape: readonly number[],
  make: () => Recipe,
): TensorInfo {
  return withFloats(backend, op, tensors, (floats) => {
    if (util.sizeFromShape([...shape]) === 0) return allocate(backend, shape);
    // a sum over nothing
    if (floats.some((x) => util.sizeFromShape(x.shape) === 0)) return zeros(backend, shape);
    const name = JSON.stringify([op, floats.map((x) => x.shape), attrs]);
    return run(backend, recipeFor(name, make), floats, shape);
  });
}

/** A tensor of zeros. @throws SHOAL_TFJS_MEMORY */
export function zeros(backend: BackendWasm, shape: readonly number[]): TensorInfo {
  const output = allocate(backend, shape);
  backend.typedArrayFromHeap(output).fill(0);
  return output;
}

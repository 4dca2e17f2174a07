// floats.ts: an op's tensors as f32 on tfjs' heap: as they are, or cast by tfjs' own kernel for as long as the op runs. No gradients.
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { ShoalError } from '../../base/errors.ts';

/** Runs one of tfjs' own kernels. Its result is the caller's to dispose of. */
export function runKernel(
  backend: BackendWasm,
  name: string,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap = {},
): TensorInfo {
  return getKernel(name, 'wasm').kernelFunc({ inputs, backend, attrs }) as TensorInfo;
}

/** @throws SHOAL_TFJS_INPUT for strings and complex numbers */
export function checkNumbers(op: string, tensors: readonly TensorInfo[]): void {
  const other = tensors.find(({ dtype }) => dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool');
  if (!other) return;
  throw new ShoalError({
    code: 'SHOAL_TFJS_INPUT',
    operation: op,
    got: `a tensor of ${other.dtype}`,
    expected: 'float32, int32 or bool',
    hint: 'Cast it first.',
  });
}

/** Calls `work` with the tensors as f32. @throws SHOAL_TFJS_INPUT */
export function withFloats(
  backend: BackendWasm,
  op: string,
  tensors: readonly [TensorInfo, TensorInfo],
  work: (floats: readonly [TensorInfo, TensorInfo]) => TensorInfo,
): TensorInfo {
  checkNumbers(op, tensors);
  const cast: TensorInfo[] = [];
  try {
    const floats = tensors.map((x) => {
      if (x.dtype === 'float32') return x;
      const made = runKernel(backend, 'Cast', { x }, { dtype: 'float32' });
      cast.push(made);
      return made;
    });
    return work(floats as [TensorInfo, TensorInfo]);
  } finally {
    for (const { dataId } of cast) backend.disposeData(dataId);
  }
}

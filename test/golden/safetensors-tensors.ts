// safetensors-tensors.ts: the tensors that make-safetensors.py writes as well. Not a test.

import type { SafetensorsTensor } from '../../trainer/export/safetensors.ts';

export const GOLDEN: readonly SafetensorsTensor[] = [
  { name: 'dense/kernel', shape: [2, 3], data: Float32Array.of(1.5, -0, Number.NaN, 1e-45, 3.4e38, -7) },
  { name: 'labels', shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) },
  { name: 'pixels', shape: [3], data: Uint8Array.of(0, 255, 7) },
  { name: 'scalar', shape: [], data: Float32Array.of(3) },
  { name: 'none', shape: [2, 0], data: new Float32Array(0) },
  { name: 'größe "β"', shape: [1], data: Float32Array.of(9) },
];

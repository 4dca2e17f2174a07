// drawn.ts: weights of a stated generator, the same in golden/make-torch-models.py: for models too large to store. Not the project's own draws.
import { crc32 } from 'node:zlib';
import type { TorchTensor } from '../../trainer/torch-names.ts';

/** Uniform in [0, 1) by place: a hash of the place and the key. */
export function drawn(key: string, count: number): Float64Array {
  const start = crc32(key);
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i, 2654435761) + start) >>> 0;
    for (let round = 0; round < 2; round++) {
      x ^= x >>> 16;
      x = Math.imul(x, 0x45d9f3b) >>> 0;
    }
    x ^= x >>> 16;
    return (x >>> 0) / 2 ** 32;
  });
}

/** The values of a tensor of a state dict: matrices of about unit gain, factors and variances from 0.5, all else within 0.1. */
export function drawnWeight({ name, shape }: Pick<TorchTensor, 'name' | 'shape'>): Float32Array {
  const count = shape.reduce((product, n) => product * n, 1);
  const u = drawn(name, count);
  if (name.endsWith('running_var') || (name.endsWith('weight') && shape.length === 1))
    return Float32Array.from(u, (v) => 0.5 + v);
  if (shape.length === 1 || shape.length === 3 || name.endsWith('running_mean'))
    return Float32Array.from(u, (v) => (v - 0.5) * 0.2);
  const scale = 2 * Math.sqrt(3 / (count / shape[0]!));
  return Float32Array.from(u, (v) => (v - 0.5) * scale);
}

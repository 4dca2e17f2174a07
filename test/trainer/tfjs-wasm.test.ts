// tfjs-wasm.test.ts: each op that `shoal/tfjs-wasm` registers. More of the same: test/verify/tfjs-wasm.ts.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { useModules } from '../../trainer/tfjs-wasm/heap.ts';
import { loadModules, moduleAt } from '../../trainer/tfjs-wasm/modules.ts';
import { checkVersion } from '../../trainer/tfjs-wasm/version.ts';
import { checkCase, compareWithCpu, OPS, TOLERANCE } from '../cases/tfjs-op.ts';
import { relativeError } from '../support/compare.ts';
import { poolGradient } from '../support/tfjs-references.ts';
import { runKernel, useBackend } from '../support/tfjs-wasm.ts';

const CASES = 25;
const filled = (shape: readonly number[], value = 1) => ({
  shape,
  values: new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(value),
});

describe('the ops for tfjs-backend-wasm', () => {
  for (const op of Object.keys(OPS))
    it(`${op} is within ${TOLERANCE} of float64 and of tfjs' cpu backend on ${CASES} random shapes`, async () => {
      for (let seed = 0; seed < CASES; seed++) {
        await checkCase(op, seed);
        await compareWithCpu(op, seed);
      }
    });

  it('every op is as close in the build without fused multiply-adds, for engines that have none', async () => {
    await useBackend('wasm');
    useModules(await loadModules('simd'));
    try {
      for (const op of Object.keys(OPS)) for (let seed = 0; seed < 5; seed++) await checkCase(op, seed);
    } finally {
      useModules(await loadModules());
    }
  });

  it('MaxPoolGrad takes windows of more than 256 pixels: the bits of float64', async () => {
    await useBackend('wasm');
    const shape = [2, 40, 41, 3];
    const values = Float32Array.from({ length: 2 * 40 * 41 * 3 }, (_, i) => Math.sin(i * i) - 2);
    const dy = { shape: [2, 2, 2, 3], values: Float32Array.from({ length: 24 }, (_, i) => i - 7) };
    const attrs = { filterSize: [20, 21], strides: [20, 20], pad: 'valid' };
    const { values: ours } = runKernel('MaxPoolGrad', { dy, input: { shape, values }, output: dy }, attrs);
    const conv = { images: 2, size: [40, 41], out: [2, 2], channels: 3, kernel: [20, 21], strides: [20, 20] } as const;
    const expected = poolGradient({ ...conv, dilations: [1, 1], before: [0, 0] }, dy.values, values);
    assert.deepEqual([...ours], [...expected]);
  });

  it('gradients of nothing are zeros, and empty ones are empty', async () => {
    await useBackend('wasm');
    const conv = { strides: 1, pad: 'valid', dataFormat: 'NHWC' };
    const x = filled([0, 5, 5, 2]);
    const dW = runKernel(
      'Conv2DBackpropFilter',
      { x, dy: filled([0, 3, 3, 4]) },
      { ...conv, filterShape: [3, 3, 2, 4] },
    );
    assert.deepEqual([dW.shape, [...new Set(dW.values)]], [[3, 3, 2, 4], [0]]);
    const dX = runKernel(
      'Conv2DBackpropInput',
      { dy: filled([0, 3, 3, 4]), filter: filled([3, 3, 2, 4]) },
      { ...conv, inputShape: [0, 5, 5, 2] },
    );
    assert.deepEqual([dX.shape, dX.values.length], [[0, 5, 5, 2], 0]);
    const segmentIds = { shape: [0], values: [], dtype: 'int32' as const };
    const sums = runKernel('UnsortedSegmentSum', { x: filled([0, 4]), segmentIds }, { numSegments: 2 });
    assert.deepEqual([sums.shape, [...new Set(sums.values)]], [[2, 4], [0]]);
    const product = runKernel('Einsum', [filled([2, 0]), filled([0, 3])], { equation: 'ij,jk->ik' });
    assert.deepEqual([product.shape, [...new Set(product.values)]], [[2, 3], [0]]);
  });

  it("reads nothing beyond the memory's end: an input that ends there gives the same bits", async () => {
    await useBackend('wasm');
    const backend = tf.engine().backend as BackendWasm;
    const glue = backend.wasm as unknown as { readonly asm: Record<string, unknown> };
    const memory = Object.values(glue.asm).find((value) => value instanceof WebAssembly.Memory)!;
    const shape: [number, number, number, number] = [1, 6, 6, 3];
    const attrs = { strides: 1, pad: 'valid', dataFormat: 'NHWC', filterShape: [6, 6, 3, 3] };
    const noise = Float32Array.from({ length: 108 }, (_, i) => Math.sin(i));
    const gradient = (x: tf.TensorInfo, dy: tf.Tensor) =>
      tf.engine().runKernel('Conv2DBackpropFilter', { x, dy } as never, attrs as never) as tf.Tensor;
    const dy = tf.tensor4d([1, -2, 3], [1, 1, 1, 3]);
    const x = tf.tensor4d(noise, shape);
    const expected = gradient(x, dy).dataSync();
    // a tensor of tfjs at an address of our choice: the last bytes of the memory, which no allocation has
    const at = memory.buffer.byteLength - 4 * 108;
    const behind = new Uint8Array(memory.buffer).slice(at);
    new Float32Array(memory.buffer, at, 108).set(noise);
    const last = tf.engine().makeTensorFromTensorInfo(backend.makeOutput(shape, 'float32', at)) as tf.Tensor;
    const result = gradient(last, dy).dataSync();
    new Uint8Array(memory.buffer).set(behind, at);
    assert.deepEqual(result, expected);
  });

  it('refuses strings, shapes that do not fit each other, and other versions of tfjs', async () => {
    await useBackend('wasm');
    const conv = { strides: 1, pad: 'valid', dataFormat: 'NHWC', filterShape: [3, 3, 2, 4] };
    assert.throws(
      () => runKernel('Conv2DBackpropFilter', { x: filled([1, 5, 5, 2]), dy: filled([1, 2, 3, 4]) }, conv),
      { code: 'SHOAL_TFJS_INPUT', got: 'dy of shape 1 x 2 x 3 x 4', expected: '1 x 3 x 3 x 4' },
    );
    const words = [tf.tensor(['a', 'b'])];
    const einsum = () => tf.engine().runKernel('Einsum', words as never, { equation: 'i->' });
    assert.throws(einsum, { code: 'SHOAL_TFJS_INPUT', got: 'a tensor of string' });
    assert.throws(() => checkVersion('@tensorflow/tfjs-core', '4.21.0'), {
      code: 'SHOAL_TFJS_VERSION',
      got: '@tensorflow/tfjs-core 4.21.0',
    });
    assert.throws(() => checkVersion('@tensorflow/tfjs-backend-wasm', '4.220.0'), { code: 'SHOAL_TFJS_VERSION' });
    checkVersion('@tensorflow/tfjs-core', tf.version_core);
  });

  it('names the address where a page was fetched in place of the kernels: many servers send one for files they lack', async () => {
    const page = new URL('data:text/html,<!doctype%20html>');
    await assert.rejects(moduleAt(page), (error: { code: string; got: string; hint: string }) => {
      assert.equal(error.code, 'SHOAL_TFJS_KERNELS');
      assert.ok(error.got.startsWith(`${page}: `), error.got);
      assert.match(error.hint, /docs\/tfjs-wasm\.md/);
      return true;
    });
  });

  it('is as right on more channels than a tile holds: within 1e-5 of a product of matrices', async () => {
    await useBackend('wasm');
    const x = filled([3, 7, 7, 70]);
    const dy = filled([3, 7, 7, 50], 0.5);
    for (const [name, inputs, attrs, expected] of [
      ['Conv2DBackpropFilter', { x, dy }, { filterShape: [1, 1, 70, 50] }, 3 * 49 * 0.5],
      ['Conv2DBackpropInput', { dy, filter: filled([1, 1, 70, 50]) }, { inputShape: x.shape }, 25],
    ] as const) {
      const { values } = runKernel(name, inputs, { strides: 1, pad: 'same', dataFormat: 'NHWC', ...attrs });
      assert.ok(relativeError(values, new Float64Array(values.length).fill(expected)) < TOLERANCE);
    }
  });
});

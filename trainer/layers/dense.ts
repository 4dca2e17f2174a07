// dense.ts: y = activation(x W + b) over the last axis. Not an embedding.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { hasHalo, type Tensor } from '../tensor.ts';
import { activated, fusedActivation } from './activate.ts';
import { activation, base, off, parameter, shapeError, weighted } from './common.ts';
import type { Backward, Forward, LayerKind } from './kind.ts';

const config = strict({
  ...base,
  units: z.int().positive(),
  activation,
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
  quantization_config: off,
});
export type DenseConfig = z.infer<typeof config>;

export const dense: LayerKind<DenseConfig> = {
  className: 'Dense',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const { shape } = inputs[0]!;
    if (shape.length === 0)
      throw shapeError(c.name, inputs, 'at least one axis: (features)', 'Give each sample a row.');
    return { shape: [...shape.slice(0, -1), c.units] };
  },
  weights(c, inputs) {
    const kernel = parameter('kernel', [inputs[0]!.shape.at(-1)!, c.units], c.kernel_initializer);
    return c.use_bias ? [kernel, parameter('bias', [c.units], c.bias_initializer)] : [kernel];
  },
  emit(c, f) {
    const { build } = f;
    const x = build.compact(f.inputs[0]!); // (m, K)
    const y = f.output(); // (m, units)
    const product = hasHalo(y.halo) ? build.tensor(y.shape) : y;
    forward(c, f, x, product);
    const { output, relu, undo } = activated(c.activation, f, product, y);
    return {
      output,
      relu,
      backward(g) {
        undo(g);
        weightGradients(c, f, g, x);
        if (g.wants(0)) inputGradient(c, f, g, x);
      },
    };
  },
};

/** Rows of the matrix that one sample is, its columns, and the columns of the result. */
function sizes(c: DenseConfig, x: Tensor): { m: number; K: number; N: number } {
  const K = x.shape.at(-1)!;
  return { m: x.imageStride / K, K, N: c.units };
}

/** y = x W + b, relu on top where that is the activation. */
function forward(c: DenseConfig, f: Forward, x: Tensor, y: Tensor): void {
  const { build } = f;
  const { m, K, N } = sizes(c, x);
  const kernel = f.weight('kernel');
  build.call(
    'gemm',
    { a: build.at(x), w: kernel, bias: c.use_bias ? f.weight('bias') : kernel, c: build.at(y) },
    { m, K, N, lda: K, ldw: N, ldc: N, hasBias: c.use_bias ? 1 : 0, activation: fusedActivation(c.activation, f) },
    {},
    { flops: 2 * m * K * N },
  );
}

/** dW = x^T dY; db = column sums of dY. */
function weightGradients(c: DenseConfig, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { m, K, N } = sizes(c, x);
  const dY = build.at(g.dY);
  const ints = { m, K, N, lda: K, ldb: N, ldo: N };
  build.call('gemm_tn', { a: build.at(x), b: dY, out: g.gradient('kernel') }, ints, {}, { flops: 2 * m * K * N });
  if (!c.use_bias) return;
  const view = { H: 1, W: m, C: N, dyImage: m * N, dyRow: m * N };
  build.call('bias_gradient', { dy: dY, out: g.gradient('bias') }, view, {}, { independent: true });
}

/** dX = dY W^T: W's rows as they lie, dY's rows side by side in panels. */
function inputGradient(c: DenseConfig, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { m, K, N } = sizes(c, x);
  const M = build.rows * m;
  const width = M <= 8 ? 8 : 16;
  const packedT = { buffer: build.buffer(4 * Math.ceil(M / width) * width * N), at: 0 };
  const source = build.at(g.dY);
  build.call('pack_transposed', { source, packed: packedT }, { m, K: N, ld: N, width }, {}, { independent: true });
  const dX = g.dInput(0);
  const product = hasHalo(dX.halo) ? build.tensor(dX.shape) : dX;
  const ints = { m, K, N, ldw: N, ldx: K, width };
  const operands = { w: f.weight('kernel'), packedT, dx: build.at(product) };
  build.call('gemm_nt', operands, ints, {}, { flops: 2 * m * K * N });
  if (product !== dX) build.copy(product, dX);
}

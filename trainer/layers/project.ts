// project.ts: y = x W + b over the last axis, with its gradients, as Dense and the projections of attention have it. Not a layer.
import { isJoint } from '../joint.ts';
import { hasHalo, type Tensor } from '../tensor.ts';
import type { Backward, Forward } from './kind.ts';

/** A product with two weights of a layer. */
export interface Projection {
  /** Names of its weights. The kernel is a matrix (K, N), whatever its shape is called. */
  readonly kernel: string;
  readonly bias: string | null;
  readonly K: number;
  readonly N: number;
}

/** Rows of the matrix that one sample is. */
const rowsOf = (p: Projection, x: Tensor): number => x.imageStride / p.K;

/** y (m, N) = x (m, K) W + b, both compact; `activation` as `gemm` has it. */
export function project(p: Projection, f: Forward, x: Tensor, y: Tensor, activation: 0 | 1 = 0): void {
  const { build } = f;
  const { K, N } = p;
  const m = rowsOf(p, x);
  const kernel = f.weight(p.kernel);
  const bias = p.bias === null ? kernel : f.weight(p.bias);
  build.call(
    'gemm',
    { a: build.at(x), w: kernel, bias, c: build.at(y) },
    { m, K, N, lda: K, ldw: N, ldc: N, hasBias: p.bias === null ? 0 : 1, activation },
    {},
    { flops: 2 * m * K * N, crosses: isJoint(p, build.jointRows * m) },
  );
}

/** dW = x^T dY; db = column sums of dY. */
export function projectWeights(p: Projection, f: Forward, g: Backward, x: Tensor, dY: Tensor): void {
  const { build } = f;
  const { K, N } = p;
  const m = rowsOf(p, x);
  const b = build.at(dY);
  const ints = { m, K, N, lda: K, ldb: N, ldo: N };
  const joint = isJoint(p, build.jointRows * m);
  build.call('gemm_tn', { a: build.at(x), b, out: g.gradient(p.kernel) }, ints, {}, { flops: 2 * m * K * N, joint });
  if (p.bias === null) return;
  const view = { H: 1, W: m, C: N, dyImage: m * N, dyRow: m * N };
  build.call('bias_gradient', { dy: b, out: g.gradient(p.bias) }, view, {}, { independent: true });
}

/** dX = dY W^T: W's rows as they lie, dY's rows side by side in panels. */
export function projectBack(p: Projection, f: Forward, dY: Tensor, dX: Tensor): void {
  const { build } = f;
  const { K, N } = p;
  const m = dY.imageStride / N;
  const M = build.rows * m;
  const width = M <= 8 ? 8 : 16;
  const packedT = { buffer: build.buffer(4 * Math.ceil(M / width) * width * N), at: 0 };
  const source = build.at(dY);
  build.call('pack_transposed', { source, packed: packedT }, { m, K: N, ld: N, width }, {}, { independent: true });
  const product = hasHalo(dX.halo) ? build.tensor(dX.shape) : dX;
  const ints = { m, K, N, ldw: N, ldx: K, width };
  const operands = { w: f.weight(p.kernel), packedT, dx: build.at(product) };
  build.call('gemm_nt', operands, ints, {}, { flops: 2 * m * K * N });
  if (product !== dX) build.copy(product, dX);
}

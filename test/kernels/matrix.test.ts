// matrix.test.ts: packing and matrix products against their twins: sizes around every tile, tails, ladders, NaN and infinity.
import type { Ints } from '../../kernels/abi.ts';
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

const up = (n: number, to: number) => Math.ceil(n / to) * to;
/** Slices [M/width][N][width] of dY (M, N), zero padded. */
function slicesOf(dy: Float32Array, M: number, N: number, width: number): Float32Array {
  const packed = zeros(up(M, width) * N);
  for (let m = 0; m < M; m++)
    for (let n = 0; n < N; n++) packed[(Math.floor(m / width) * N + n) * width + (m % width)] = dy[m * N + n]!;
  return packed;
}
const title = (sizes: object) =>
  Object.entries(sizes)
    .map(([name, size]) => `${name} ${size}`)
    .join(', ');

kernelSuite(
  'pack_panels',
  [
    { K: 1, N: 1, groups: 1, misalign: 0 },
    { K: 513, N: 16, groups: 1, misalign: 4 },
    { K: 512, N: 33, groups: 1, misalign: 8 },
    { K: 1030, N: 15, groups: 1, misalign: 0 },
    { K: 9, N: 20, groups: 3, misalign: 4 },
  ].map(({ K, N, groups, misalign }): KernelCase<'pack_panels'> => {
    const ld = groups * N + 3;
    return {
      title: title({ K, N, groups }),
      rows: 1,
      operands: {
        source: { data: noise(K * ld), misalign },
        packed: { data: noise(groups * K * up(N, 16)) },
      },
      ints: { K, N, ld, groups, groupStride: N },
      writes: ['packed'],
      tolerance: 0,
    };
  }),
);

kernelSuite(
  'pack_taps',
  [
    { T: 1, K: 1, N: 1, groups: 1 },
    { T: 9, K: 32, N: 16, groups: 1 },
    { T: 4, K: 7, N: 35, groups: 1 },
    { T: 9, K: 6, N: 5, groups: 4 },
  ].map(({ T, K, N, groups }): KernelCase<'pack_taps'> => {
    // (tap, N, groups * K): the rows of N are shared by all groups, as in Keras' grouped kernels
    const ld = groups * K;
    return {
      title: title({ T, K, N, groups }),
      rows: 1,
      operands: {
        source: { data: noise(T * N * ld), misalign: 4 },
        taps: { data: Uint32Array.from({ length: T }, (_, t) => (T - 1 - t) * N * ld * 4) },
        packed: { data: noise(groups * T * K * up(N, 16)) },
      },
      ints: { T, K, N, ld, groups, groupStride: K },
      writes: ['packed'],
      tolerance: 0,
    };
  }),
);

kernelSuite(
  'pack_transposed',
  [
    { rows: 1, m: 1, K: 1, width: 8 },
    { rows: 8, m: 1, K: 128, width: 8 },
    { rows: 3, m: 5, K: 33, width: 8 },
    { rows: 17, m: 1, K: 10, width: 16 },
    { rows: 32, m: 1, K: 16, width: 16 },
  ].map(
    ({ rows, m, K, width }): KernelCase<'pack_transposed'> => ({
      title: title({ rows, m, K, width }),
      rows,
      operands: {
        source: { data: noise(rows * m * (K + 1)), misalign: 4 },
        packed: { data: noise(up(rows * m, width) * K) },
      },
      ints: { m, K, ld: K + 1, width },
      writes: ['packed'],
      tolerance: 0,
    }),
  ),
);

interface Product {
  readonly rows: number;
  readonly m?: number;
  readonly K: number;
  readonly N: number;
  readonly bias?: boolean;
  readonly relu?: boolean;
  readonly poison?: boolean;
}

const products: readonly Product[] = [
  { rows: 1, K: 1, N: 1, bias: true },
  { rows: 2, K: 3, N: 5 },
  { rows: 3, K: 9, N: 16, bias: true, relu: true },
  { rows: 4, K: 16, N: 8, bias: true },
  { rows: 5, K: 33, N: 17, relu: true },
  { rows: 6, K: 64, N: 32 },
  { rows: 7, K: 31, N: 24, bias: true, relu: true },
  { rows: 8, K: 384, N: 10, bias: true },
  { rows: 95, K: 20, N: 31 },
  { rows: 96, K: 385, N: 16, bias: true, relu: true },
  { rows: 97, K: 12, N: 48 },
  { rows: 13, m: 15, K: 770, N: 20, bias: true },
  { rows: 9, K: 40, N: 40, bias: true, relu: true, poison: true },
];

/** Puts NaN and infinities of both signs where they meet ordinary numbers. */
function poisoned(data: Float32Array, poison: boolean | undefined): Float32Array {
  if (!poison) return data;
  data[1] = Number.NaN;
  data[47] = Number.POSITIVE_INFINITY;
  data[90] = Number.NEGATIVE_INFINITY;
  return data;
}
const describeProduct = ({ poison, ...sizes }: Product) => `${title(sizes)}${poison ? ', NaN and infinity' : ''}`;

kernelSuite(
  'gemm',
  [
    ...products,
    { rows: 47, K: 20, N: 31 },
    { rows: 48, K: 1025, N: 16, bias: true, relu: true },
    { rows: 49, K: 12, N: 48 },
    { rows: 8, K: 1024, N: 10, bias: true },
    { rows: 200, K: 40, N: 300 },
    // more panels than are open at once: over one block of rows, and over several, a page apart; W just near, and just far
    { rows: 5, K: 30, N: 1040, bias: true },
    { rows: 100, K: 1030, N: 1016, bias: true, relu: true },
    { rows: 100, K: 1030, N: 1040, bias: true, relu: true },
    // rows times blocks of rows: more than 32 bits hold
    { rows: 2, m: 170_000, K: 1, N: 1 },
  ].map((p: Product): KernelCase<'gemm'> => {
    const { rows, m = 1, K, N } = p;
    const lda = K + 2;
    const ldw = N + 1;
    const ldc = N + 3;
    const ints: Ints<'gemm'> = { m, K, N, lda, ldw, ldc, hasBias: p.bias ? 1 : 0, activation: p.relu ? 1 : 0 };
    return {
      title: describeProduct(p),
      rows,
      operands: {
        a: { data: poisoned(noise(rows * m * lda, 1), p.poison), misalign: 4 },
        w: { data: noise(K * ldw, 2), misalign: 8 },
        bias: { data: noise(N, 3), misalign: 8 },
        c: { data: noise(rows * m * ldc, 4), misalign: 12 },
      },
      ints,
      writes: ['c'],
      tolerance: 1e-6,
    };
  }),
);

kernelSuite(
  'gemm_tn',
  // one whose sums are asked for ahead; the last two are too large for whole copies of their rows, and go block by block
  [
    ...products,
    { rows: 300, K: 100, N: 700 },
    { rows: 129, K: 47, N: 9 },
    { rows: 5, K: 4100, N: 130 },
    { rows: 300, K: 100, N: 1088 },
    { rows: 2100, K: 50, N: 96 },
  ].map((p, i): KernelCase<'gemm_tn'> => {
    const { rows, m = 1, K, N } = p;
    const lda = K + 1;
    const ldb = N + 2;
    const ldo = N + (i % 2);
    return {
      title: `${describeProduct(p)}, ladder of ${i % 4}`,
      rows,
      operands: {
        a: { data: poisoned(noise(rows * m * lda, 1), p.poison), misalign: 4 },
        b: { data: noise(rows * m * ldb, 2), misalign: 8 },
        out: {
          data: noise(K * ldo, 3),
          ladder: Array.from({ length: i % 4 }, (_, sibling) => noise(K * ldo, 4 + sibling)),
        },
      },
      ints: { m, K, N, lda, ldb, ldo },
      writes: ['out'],
      tolerance: 1e-6,
    };
  }),
);

kernelSuite(
  'gemm_nt',
  // weights of the last are asked for ahead
  [
    ...products,
    { rows: 7, K: 20, N: 1024 },
    { rows: 9, K: 97, N: 1025 },
    { rows: 150, K: 200, N: 20 },
    { rows: 20, K: 4100, N: 130 },
  ].flatMap((p: Product) =>
    [8, 16].map((width): KernelCase<'gemm_nt'> => {
      const { rows, m = 1, K, N } = p;
      const ldw = N + 1;
      const ldx = K + 3;
      return {
        title: `${describeProduct(p)}, width ${width}`,
        rows,
        operands: {
          w: { data: poisoned(noise(K * ldw, 1), p.poison), misalign: 4 },
          packedT: { data: slicesOf(noise(rows * m * N, 2), rows * m, N, width) },
          dx: { data: noise(rows * m * ldx, 3), misalign: 8 },
        },
        ints: { m, K, N, ldw, ldx, width },
        writes: ['dx'],
        tolerance: 1e-6,
      };
    }),
  ),
);

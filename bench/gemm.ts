// gemm.ts: the matrix and convolution kernels beside the multiply-add peak of one core. Not a comparison with PyTorch.
import type { KernelArguments, Operand } from '../kernels/abi.ts';
import { type KernelModule, loadKernels } from '../kernels/load.ts';
import type { KernelName } from '../kernels/signatures.ts';
import { backwardCalls, forwardCall, haloOf, shapesOf, weightCall } from '../test/cases/convolution.ts';
import { createBench, type Figure } from './probe.ts';

export interface Row extends Figure {
  readonly name: string;
}

const up = (n: number, to: number) => Math.ceil(n / to) * to;
const none: Operand = { space: 'arena', at: 0 };
const kernelCall = <K extends KernelName>(
  kernel: K,
  operands: KernelArguments<K>['operands'],
  ints: KernelArguments<K>['ints'],
) => ({ kernel, operands, ints, floats: {} }) as unknown as KernelArguments;

/** C = A x B of n x n matrices. */
export function benchGemm(kernels: KernelModule = loadKernels(), n = 1024): Row {
  const bench = createBench(kernels, 4 * 3 * n * n + (8 << 20));
  const multiply = bench.call(
    kernelCall(
      'gemm',
      { a: bench.floats(n * n), w: bench.floats(n * n), bias: none, c: bench.floats(n * n) },
      { m: 1, K: n, N: n, lda: n, ldw: n, ldc: n, hasBias: 0, activation: 0 },
    ),
    n,
  );
  return { name: `gemm ${n}`, ...bench.measure(multiply, 2 * n ** 3) };
}

/** y, dX and dW of a dense layer K -> N over M rows; dX with the packing of dY. */
export function benchDense(M: number, K: number, N: number, kernels: KernelModule = loadKernels()): Row[] {
  const bench = createBench(kernels, 4 * (3 * K * up(N, 16) + 4 * M * (K + N)) + (8 << 20));
  const flop = 2 * M * K * N;
  const x = bench.floats(M * K);
  const dy = bench.floats(M * N);
  const width = M <= 8 ? 8 : 16;
  const forward = bench.call(
    kernelCall(
      'gemm',
      { a: x, w: bench.floats(K * N), bias: bench.floats(N), c: bench.floats(M * N) },
      { m: 1, K, N, lda: K, ldw: N, ldc: N, hasBias: 1, activation: 1 },
    ),
    M,
  );
  const packedT = bench.floats(up(M, width) * N);
  const turn = bench.call(
    kernelCall('pack_transposed', { source: dy, packed: packedT }, { m: 1, K: N, ld: N, width }),
    M,
  );
  const backward = bench.call(
    kernelCall(
      'gemm_nt',
      { w: bench.floats(K * N), packedT, dx: bench.floats(M * K) },
      { m: 1, K, N, ldw: N, ldx: K, width },
    ),
    M,
  );
  const weights = bench.call(
    kernelCall('gemm_tn', { a: x, b: dy, out: bench.floats(K * N) }, { m: 1, K, N, lda: K, ldb: N, ldo: N }),
    M,
  );
  const name = `dense ${M} rows, ${K} -> ${N}`;
  return [
    { name: `${name}: y`, ...bench.measure(forward, flop) },
    {
      name: `${name}: dX`,
      ...bench.measure(() => {
        turn();
        backward();
      }, flop),
    },
    { name: `${name}: dW`, ...bench.measure(weights, flop) },
  ];
}

/** y, dX (unless C < 16: first layers need none) and dW of a 3x3 convolution, rotated weights packed beforehand. */
export function benchConv(
  size: number,
  C: number,
  N: number,
  pad: number,
  images: number,
  kernels: KernelModule = loadKernels(),
): Row[] {
  const s = shapesOf({ images, H: size, W: size, C, N, kernel: 3, pad });
  const halo = haloOf(s);
  const outputs = s.OH * s.OW * N * images;
  const haloed = (s.OH + 2 * halo) * (s.OW + 2 * halo) * N * images;
  const bench = createBench(
    kernels,
    4 * (2 * s.Hp * s.Wp * C * images + 2 * outputs + haloed + 27 * C * up(N, 16)) + (8 << 20),
  );
  const flop = 2 * 9 * C * outputs;
  const x = bench.floats(s.Hp * s.Wp * C * images);
  const tables = (call: ReturnType<typeof forwardCall>) => ({
    xTable: bench.table(call.xTable),
    yTable: bench.table(call.yTable),
    skips: bench.table(call.skips),
  });
  const call = forwardCall(s, 1, 1);
  const forward = bench.call(
    kernelCall(
      'conv',
      {
        x,
        packed: bench.floats(9 * C * up(N, 16)),
        bias: bench.floats(N),
        y: bench.floats(outputs),
        ...tables(call),
      },
      call.ints,
    ),
    images,
  );
  const gradient = weightCall(s);
  const weights = bench.call(
    kernelCall(
      'conv_dw',
      { x, dy: bench.floats(outputs), out: bench.floats(9 * C * N), rowTable: bench.table(gradient.rowTable) },
      gradient.ints,
    ),
    images,
  );
  const name = `conv ${size}x${size}, ${C} -> ${N}, ${pad ? 'same' : 'valid'}, ${images} images`;
  const rows = [
    { name: `${name}: y`, ...bench.measure(forward, flop) },
    { name: `${name}: dW`, ...bench.measure(weights, flop) },
  ];
  if (C < 16) return rows;
  const phase = backwardCalls(s)[0]!;
  const backward = bench.call(
    kernelCall(
      'conv',
      {
        x: bench.floats(haloed),
        packed: bench.floats(9 * N * up(C, 16)),
        bias: none,
        y: bench.floats(size * size * C * images),
        ...tables(phase),
      },
      phase.ints,
    ),
    images,
  );
  rows.push({
    name: `${name}: dX, with its own products`,
    ...bench.measure(backward, 2 * 9 * C * N * size * size * images),
  });
  return rows;
}

/** y, dX and dW of the same convolution by Winograd; GFLOPS are those of the direct form. */
export function benchWinograd(
  size: number,
  C: number,
  N: number,
  images: number,
  kernels: KernelModule = loadKernels(),
): Row[] {
  const wide = up(size, 2) + 2;
  const xs = images * wide * wide * C;
  const ys = images * wide * wide * N;
  const bench = createBench(kernels, 4 * (2 * xs + 3 * ys + 32 * up(C, 16) * up(N, 16)) + (8 << 20));
  const [x, dy] = [bench.floats(xs), bench.floats(ys)];
  const flop = 18 * C * N * size * size * images;
  const through = (from: Operand, K: number, columns: number) => {
    const operands = {
      x: from,
      packed: bench.floats(16 * K * up(columns, 16)),
      bias: bench.floats(columns),
      y: bench.floats(images * size * size * columns),
    };
    const strides = { xRow: wide * K, xImage: wide * wide * K, yRow: size * columns, yImage: size * size * columns };
    const ints = { H: size, W: size, C: K, N: columns, block: 48, ...strides, hasBias: 1, activation: 1 };
    return bench.call(kernelCall('winograd', operands, ints), images);
  };
  const strides = { xRow: wide * C, xImage: wide * wide * C, dyRow: wide * N, dyImage: wide * wide * N };
  const weights = bench.call(
    kernelCall('winograd_dw', { x, dy, out: bench.floats(9 * C * N) }, { H: size, W: size, C, N, ...strides, ldo: N }),
    images,
  );
  const name = `Winograd ${size}x${size}, ${C} -> ${N}, ${images} images`;
  return [
    { name: `${name}: y`, ...bench.measure(through(x, C, N), flop) },
    { name: `${name}: dX`, ...bench.measure(through(dy, N, C), flop) },
    { name: `${name}: dW`, ...bench.measure(weights, flop) },
  ];
}

/** All figures of this file. */
export function* benchKernels(kernels: KernelModule = loadKernels()): Generator<Row> {
  yield benchGemm(kernels);
  yield* benchConv(28, 1, 32, 0, 8, kernels);
  yield* benchConv(28, 1, 32, 1, 8, kernels);
  yield* benchConv(13, 32, 64, 0, 8, kernels);
  yield* benchWinograd(11, 32, 64, 8, kernels);
  yield* benchConv(56, 64, 64, 1, 2, kernels);
  yield* benchWinograd(56, 64, 64, 2, kernels);
  for (const [K, N] of [
    [5408, 128],
    [6272, 128],
    [784, 512],
    [512, 512],
  ] as const)
    yield* benchDense(8, K, N, kernels);
}

if (import.meta.main) {
  const kernels = loadKernels();
  console.log(`Node ${process.versions.node}, ${kernels.build} ${kernels.tile.rows}x${4 * kernels.tile.vectors}`);
  for (const row of benchKernels(kernels))
    console.log(
      `${row.name.padEnd(64)} ${row.gflops.toFixed(1).padStart(6)} GFLOPS  ${row.share.toFixed(2)} of the peak`,
    );
}

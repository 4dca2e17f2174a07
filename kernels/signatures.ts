// signatures.ts: every kernel's arguments by name, in order: the one place where they are written down. It generates the
// AssemblyScript accessors (generate/accessors.ts) and types descriptors and reference twins. It holds no arithmetic.
//
// A kernel call is (descriptor, bindings, fromTile, toTile). The descriptor is written once, at plan time, as 32-bit words:
//
//   operand 0: space, byte offset | operand 1: ... | ints ... | floats ...
//
// The bindings (abi.ts) are what differs from run to run: the base address of each space, the rows of a ragged micro-shard, the
// finished left siblings. Strides are counted in elements; tables hold byte offsets. `M` means bindings.rows * m.

/** How many tiles a call has: `each` when per is 0, else each * ceil(rows * m / per). Fixed by shape, never by the engine. */
export interface Tiles {
  readonly each: number;
  readonly m: number;
  readonly per: number;
}

interface Signature<O extends string, I extends string, F extends string> {
  readonly operands: readonly O[];
  readonly ints: readonly I[];
  readonly floats: readonly F[];
  readonly tiles: (ints: Readonly<Record<I, number>>) => Tiles;
}

const define = <const O extends string, const I extends string, const F extends string>(
  operands: readonly O[],
  ints: readonly I[],
  floats: readonly F[],
  tiles: (ints: Readonly<Record<I, number>>) => Tiles,
): Signature<O, I, F> => ({ operands, ints, floats, tiles });

/** Width of a packed panel, in floats. */
export const PANEL = 16;
/** Rows of C, or pixels, that one tile of `gemm` and `conv` covers. */
export const ROW_BLOCK = 96;
/** Rows of a weight gradient that one tile of `gemm_tn` and `conv_dw` covers. */
export const OUT_BLOCK = 48;
/** Rows of K that one tile of a packing kernel covers. */
export const PACK_BLOCK = 512;
/** Rows that one tile of a lookup covers: of ids forward, of the table backward. */
export const LOOKUP_BLOCK = 64;
/** Elements of a parameter that one tile of an optimizer covers, counted from the tensor's start. */
export const UPDATE_BLOCK = 4096;

const panels = (n: number) => Math.ceil(n / PANEL);
const fixed = (each: number): Tiles => ({ each, m: 1, per: 0 });
const perImage = (each = 1): Tiles => ({ each, m: 1, per: 1 });
const pixels = ['R', 'N', 'groups', 'H', 'W', 'xStep', 'xRow', 'xImage', 'dyStep', 'dyRow', 'dyImage'] as const;
const window = ['OH', 'OW', 'C', 'poolH', 'poolW', 'strideH', 'strideW', 'padTop', 'padLeft', 'H', 'W'] as const;
const view = ['H', 'L'] as const; // rows of an image, floats in a row; then (image, row) strides of each operand

/** y = f(x) over views. */
const map = <const F extends string = never>(...floats: readonly F[]) =>
  define(['x', 'y'], [...view, 'xImage', 'xRow', 'yImage', 'yRow'], floats, () => perImage());
/** dx = dy f'(x) over views, from what f gave. */
const slopeOfY = <const F extends string = never>(...floats: readonly F[]) =>
  define(['dy', 'y', 'dx'], [...view, 'dyImage', 'dyRow', 'yImage', 'yRow', 'dxImage', 'dxRow'], floats, () =>
    perImage(),
  );
/** The same from what f was given. */
const slopeOfX = <const F extends string = never>(...floats: readonly F[]) =>
  define(['dy', 'x', 'dx'], [...view, 'dyImage', 'dyRow', 'xImage', 'xRow', 'dxImage', 'dxRow'], floats, () =>
    perImage(),
  );

export const signatures = {
  // ---- matrices. W (K, N) row major; packed [group][N/16][K][16], zero padded
  pack_panels: define(['source', 'packed'], ['K', 'N', 'ld', 'groups', 'groupStride'], [], (i) =>
    fixed(i.groups * panels(i.N) * Math.ceil(i.K / PACK_BLOCK)),
  ),
  // W (tap, N, K) with row stride ld and byte offsets `taps` -> packed [group][N/16][T*K][16]: each tap's matrix transposed
  pack_taps: define(['source', 'taps', 'packed'], ['T', 'K', 'N', 'ld', 'groups', 'groupStride'], [], (i) =>
    fixed(i.groups * panels(i.N) * i.T),
  ),
  // A (M, K) row stride ld -> packed [M/width][K][width], width 8 or 16, rows from M on are zero
  pack_transposed: define(['source', 'packed'], ['m', 'K', 'ld', 'width'], [], (i) => ({
    each: 1,
    m: i.m,
    per: i.width,
  })),
  // C (M, N) = activation(A (M, K) x packed + bias). activation: 0 none, 1 relu
  gemm: define(['a', 'packed', 'bias', 'c'], ['m', 'K', 'N', 'lda', 'ldc', 'hasBias', 'activation'], [], (i) => ({
    each: panels(i.N),
    m: i.m,
    per: ROW_BLOCK,
  })),
  // out (K, N) = A (M, K)^T x B (M, N), then + each finished left sibling (abi.ts, ladder)
  gemm_tn: define(['a', 'b', 'out'], ['m', 'K', 'N', 'lda', 'ldb', 'ldo'], [], (i) =>
    fixed(Math.ceil(i.K / OUT_BLOCK) * panels(i.N)),
  ),
  // dX (M, K) = dY (M, N) x W (K, N)^T, with dY given by pack_transposed of the same width
  gemm_nt: define(['w', 'packedT', 'dx'], ['m', 'K', 'N', 'ldw', 'ldx', 'width'], [], (i) => ({
    each: Math.ceil(i.K / ROW_BLOCK),
    m: i.m,
    per: i.width,
  })),

  // ---- convolution over images with a physical zero halo. y pixel p of an image lies at yTable[p], and starts to read x at
  // xTable[p]; then `runs` times: `len` floats, and skips[run] bytes on. K = runs * len. Forward and dX alike. Tables are u32,
  // skips i32, all in bytes; 8 more readable entries follow each.
  conv: define(
    ['x', 'packed', 'bias', 'y', 'xTable', 'yTable', 'skips'],
    ['pixels', 'runs', 'len', 'N', 'groups', 'xImage', 'yImage', 'xGroup', 'yGroup', 'hasBias', 'activation'],
    [],
    (i) => perImage(Math.ceil(i.pixels / ROW_BLOCK)),
  ),
  // out (R, N per group) = sum over images and H x W pixels of x[pixel + rowTable[r]] * dy[pixel], then + the ladder.
  // R = taps * channels of a group; rowTable u32, in bytes, 8 more readable entries. out row stride ldo, group stride outGroup.
  conv_dw: define(['x', 'dy', 'out', 'rowTable'], [...pixels, 'xGroup', 'dyGroup', 'ldo', 'outGroup'], [], (i) =>
    fixed(i.groups * Math.ceil(i.R / OUT_BLOCK) * panels(i.N)),
  ),
  // out (C) = sum of dy over images, rows and W pixels of C channels, then + the ladder
  bias_gradient: define(['dy', 'out'], ['H', 'W', 'C', 'dyImage', 'dyRow'], [], (i) => fixed(panels(i.C))),

  // ---- samples in: y = x * scale[i] + shift[i], i = place in the row. x strides in elements of x
  input_u8: define(['x', 'y', 'scale', 'shift'], [...view, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  input_f32: define(['x', 'y', 'scale', 'shift'], [...view, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  input_i32: define(['x', 'y', 'scale', 'shift'], [...view, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  // zeroes what surrounds the interior that y points at: top and bottom in rows, left and right in floats
  clear_halo: define(['y'], [...view, 'top', 'bottom', 'left', 'right', 'yImage', 'yRow'], [], () => perImage()),

  // ---- lookups. ids f32 (M), whole numbers; y (M, E) = the rows of table (V, E) at them, NaN where there is no such row
  embedding: define(['ids', 'table', 'y'], ['m', 'V', 'E'], [], (i) => ({ each: 1, m: i.m, per: LOOKUP_BLOCK })),
  // where each row of the table is used: places in ids, u32: those of row v are order[starts[v]] to order[starts[v + 1]], ascending
  embedding_order: define(['ids', 'starts', 'order'], ['m', 'V'], [], () => fixed(1)),
  // out (V, E): each row is the sum of dy (M, E) at its places, then + the ladder
  embedding_backward: define(['dy', 'starts', 'order', 'out'], ['m', 'V', 'E'], [], (i) =>
    fixed(Math.ceil(i.V / LOOKUP_BLOCK)),
  ),

  // ---- activations over views
  relu: map(),
  sigmoid: map(),
  tanh: map(),
  copy: map(),
  add: define(['a', 'b', 'y'], [...view, 'aImage', 'aRow', 'bImage', 'bRow', 'yImage', 'yRow'], [], () => perImage()),
  relu_backward: slopeOfY(),
  sigmoid_backward: slopeOfY(),
  tanh_backward: slopeOfY(),
  elu: map('alpha', 'scale'), // scale x where x > 0, else scale alpha (exp(x) - 1)
  elu_backward: slopeOfY('alpha', 'scale'),
  exponential: map(),
  exponential_backward: slopeOfY(),
  gelu: map(), // x Phi(x)
  gelu_backward: slopeOfX(),
  gelu_approximate: map(), // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  gelu_approximate_backward: slopeOfX(),
  hard_sigmoid: map(), // x / 6 + 1/2, between 0 and 1
  hard_sigmoid_backward: slopeOfY(),
  hard_silu: map(), // x hard_sigmoid(x)
  hard_silu_backward: slopeOfX(),
  mish: map(), // x tanh(softplus(x))
  mish_backward: slopeOfX(),
  rectify: map('slope', 'threshold', 'max'), // min(x, max) where x > threshold, else slope (x - threshold)
  rectify_backward: slopeOfX('slope', 'threshold', 'max'),
  silu: map(), // x sigmoid(x)
  silu_backward: slopeOfX(),
  softplus: map(), // log(1 + exp(x))
  softplus_backward: slopeOfX(),
  softsign: map(), // x / (1 + |x|)
  softsign_backward: slopeOfY(),
  // x where x > 0, else alpha x; alpha (C) repeats over M rows. t = dy x where x <= 0: its column sums are dalpha
  prelu: define(['x', 'alpha', 'y'], ['m', 'C'], [], (i) => ({ each: 1, m: i.m, per: 16 })),
  prelu_backward: define(['dy', 'x', 'alpha', 'dx', 't'], ['m', 'C'], [], (i) => ({ each: 1, m: i.m, per: 16 })),
  // softmax over C of M rows
  softmax: define(['x', 'y'], ['m', 'C', 'ldx', 'ldy'], [], (i) => ({ each: 1, m: i.m, per: 16 })),
  softmax_backward: define(['dy', 'y', 'dx'], ['m', 'C', 'lddy', 'ldy', 'lddx'], [], (i) => ({
    each: 1,
    m: i.m,
    per: 16,
  })),
  // x - log(sum of exp(x)) over C of M rows
  log_softmax: define(['x', 'y'], ['m', 'C', 'ldx', 'ldy'], [], (i) => ({ each: 1, m: i.m, per: 16 })),
  log_softmax_backward: define(['dy', 'y', 'dx'], ['m', 'C', 'lddy', 'ldy', 'lddx'], [], (i) => ({
    each: 1,
    m: i.m,
    per: 16,
  })),
  // inverted dropout, mask by Philox from (seed, step, slot of the row, site); the same call is its own backward pass
  dropout: define(['x', 'y'], [...view, 'xImage', 'xRow', 'yImage', 'yRow', 'site'], ['rate'], () => perImage()),

  // ---- pooling, NHWC; index (rows, OH, OW, C) u8 = ky * poolW + kx of the first maximum. mask 1: where y <= 0 the gradient is 0
  maxpool: define(['x', 'y', 'index'], [...window, 'xImage', 'xRow', 'yImage', 'yRow', 'wantIndex'], [], () =>
    perImage(),
  ),
  maxpool_backward: define(
    ['dy', 'index', 'y', 'dx'],
    [...window, 'dyImage', 'dyRow', 'yImage', 'yRow', 'dxImage', 'dxRow', 'mask'],
    [],
    () => perImage(),
  ),
  // mean over the part of the window that lies inside the image
  avgpool: define(['x', 'y'], [...window, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  avgpool_backward: define(['dy', 'dx'], [...window, 'dyImage', 'dyRow', 'dxImage', 'dxRow'], [], () => perImage()),

  // ---- losses. One tile: sum (f64) over the rows in order, undivided. Gradients undivided too; wantGradient 0 leaves d* alone
  softmax_crossentropy: define(
    // labels i32 (M), or f32 (M, C) with oneHot 1; d = p - t, y = p
    ['logits', 'labels', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'ldl', 'ldy', 'ldd', 'oneHot', 'wantGradient'],
    [],
    () => fixed(1),
  ),
  sigmoid_crossentropy: define(
    // targets f32 (M, C); a row's loss is the mean over C; d = (p - t) / C, y = p
    ['logits', 'targets', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'ldl', 'ldy', 'ldd', 'wantGradient'],
    [],
    () => fixed(1),
  ),
  mean_squared_error: define(
    // targets f32 (M, C); a row's loss is the mean over C; d = 2 (y - t) / C
    ['y', 'targets', 'dY', 'sum'],
    ['m', 'C', 'ldy', 'ldd', 'wantGradient'],
    [],
    () => fixed(1),
  ),

  // ---- counts, as f64, written (not added). The prediction is the first maximum of a row
  count_correct: define(['y', 'labels', 'count'], ['m', 'C', 'ldy', 'oneHot'], [], () => fixed(1)),
  count_top_k: define(['y', 'labels', 'count'], ['m', 'C', 'ldy', 'oneHot', 'k'], [], () => fixed(1)), // label's score among the k best
  count_binary: define(['y', 'targets', 'count'], ['m', 'C', 'ldy'], [], () => fixed(1)), // (y > 0.5) == (t > 0.5), mean over C
  confusion: define(['y', 'labels', 'counts'], ['m', 'C', 'ldy', 'oneHot'], [], () => fixed(1)), // (true, predicted) f64 C x C
  confusion_binary: define(['y', 'targets', 'counts'], ['m', 'ldy'], [], () => fixed(1)), // C = 1: 2 x 2 at threshold 0.5

  // ---- the tree. values of this leaf (in contribution) + the ladder, deepest sibling first
  ladder_f64: define(['values'], ['count'], [], () => fixed(1)),
  // out = the sum that the reduce program of the bindings (abi.ts) gives, of `count` values at byte offset `partAt` of each part
  reduce_f64: define(['out'], ['partAt', 'count'], [], () => fixed(1)),
  reduce_f32: define(['out'], ['partAt', 'count'], [], (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK))),

  // ---- optimizers: g = reduced gradient / scalars[0]; p and slots are read, next* written. scalars[1] = rate (Adam: alpha).
  // Weight decay is Keras 3's, decoupled: p *= 1 - rate * weightDecay first
  sgd: define(['p', 'nextP', 'scalars'], ['count', 'partAt'], ['weightDecay'], (i) =>
    fixed(Math.ceil(i.count / UPDATE_BLOCK)),
  ),
  sgd_momentum: define(
    ['p', 'nextP', 'velocity', 'nextVelocity', 'scalars'],
    ['count', 'partAt', 'nesterov'],
    ['weightDecay', 'momentum'],
    (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK)),
  ),
  // Keras: m += (g - m)(1 - b1); v += (g^2 - v)(1 - b2); p -= alpha m / (sqrt(v) + eps). decay: p *= 1 - scalars[2] first (AdamW)
  adam: define(
    ['p', 'nextP', 'm', 'nextM', 'v', 'nextV', 'scalars'],
    ['count', 'partAt'],
    ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon'],
    (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK)),
  ),
} as const;

export type Signatures = typeof signatures;
export type KernelName = keyof Signatures;
export type OperandName<K extends KernelName> = Signatures[K]['operands'][number];
export type IntName<K extends KernelName> = Signatures[K]['ints'][number];
export type FloatName<K extends KernelName> = Signatures[K]['floats'][number];

/** Kernels in the order of their numbers in a plan's call records. */
export const kernelNames = Object.keys(signatures) as readonly KernelName[];

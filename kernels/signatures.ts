// signatures.ts: every kernel's arguments by name, in order: the one place where they are written down. It generates the
// AssemblyScript accessors (generate/accessors.ts) and types descriptors and reference twins. It holds no arithmetic.
//
// A kernel call is (descriptor, bindings, fromTile, toTile). The descriptor is written once, at plan time, as 32-bit words:
//
//   operand 0: space, byte offset | operand 1: ... | ints ... | floats ...
//
// The bindings (abi.ts) are what differs from run to run: the base address of each space, the rows of a ragged micro-shard, the
// finished left siblings. A kernel with an operand named `out` writes nothing else. Strides are counted in elements; tables hold byte offsets. `M` means bindings.rows * m.

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
/** Panels of W that tiles of `gemm` walk through block of rows by block of rows, before the next panels. */
export const OPEN_PANELS = 32;
/** Slices of dY that tiles of `gemm_nt` walk through block of W's rows by block, before the next slices. */
export const OPEN_SLICES = 8;
/** Rows of a weight gradient that one tile of `gemm_tn` and `conv_dw` covers. */
export const OUT_BLOCK = 48;
/** Rows of K that one tile of a packing kernel covers. */
export const PACK_BLOCK = 512;
/** Pixels of a micro-shard, counted through all its images, that one tile of a batch's sums covers. */
export const PIXEL_BLOCK = 128;
/** Rows that one tile of a lookup covers: of ids forward, of the table backward. */
export const LOOKUP_BLOCK = 64;
/** Elements of a parameter that one tile of an optimizer covers, counted from the tensor's start. */
export const UPDATE_BLOCK = 4096;

/** Rows of K that one tile of `pack_winograd` covers, and input channels that one tile of `winograd_dw` covers. */
export const WINOGRAD_BLOCK = 64;

const panels = (n: number) => Math.ceil(n / PANEL);
const fixed = (each: number): Tiles => ({ each, m: 1, per: 0 });
const perImage = (each = 1): Tiles => ({ each, m: 1, per: 1 });
const blocks = (i: { readonly H: number; readonly W: number }): Tiles => ({ each: 1, m: i.H * i.W, per: PIXEL_BLOCK });
const pixels = ['R', 'N', 'groups', 'H', 'W', 'xStep', 'xRow', 'xImage', 'dyStep', 'dyRow', 'dyImage'] as const;
const window = ['OH', 'OW', 'C', 'poolH', 'poolW', 'strideH', 'strideW', 'padTop', 'padLeft', 'H', 'W'] as const;
const image = ['H', 'W', 'C'] as const; // rows of an image, pixels in a row, channels; then (image, row) strides of each operand
const view = ['H', 'L'] as const; // rows of an image, floats in a row; then (image, row) strides of each operand
/** Strides of an operand along the images, A, B and L. */
const axes = <const N extends string>(name: N) => [`${name}Image`, `${name}A`, `${name}B`, `${name}L`] as const;

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

const updateTiles = (i: { readonly count: number }): Tiles => fixed(Math.ceil(i.count / UPDATE_BLOCK));
/** An optimizer of such slots and numbers. */
const update = <const O extends string = never, const F extends string = never>(
  slots: readonly O[],
  floats: readonly F[],
) => define(['p', 'nextP', ...slots, 'scalars'], ['count', 'partAt'], ['weightDecay', ...floats], updateTiles);

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
  // C (M, N) = activation(A (M, K) x W (K, N) + bias). activation: 0 none, 1 relu
  gemm: define(['a', 'w', 'bias', 'c'], ['m', 'K', 'N', 'lda', 'ldw', 'ldc', 'hasBias', 'activation'], [], (i) => ({
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
  // ---- 3 x 3, stride 1, by Winograd's F(2x2, 3x3): x stands at the padded corner, with one more row and column where H or W is odd.
  // W (tap, K, N), or (tap, N, K) where transposed, row stride ld, taps at byte offsets `taps` -> G W G^T as [N/16][16][K][16]
  pack_winograd: define(['source', 'taps', 'packed'], ['K', 'N', 'ld', 'transposed'], [], (i) =>
    fixed(panels(i.N) * Math.ceil(i.K / WINOGRAD_BLOCK)),
  ),
  // y (H, W, N) of each image = x (C channels) * W + bias; a tile is `block` patches of 2 x 2 pixels
  winograd: define(
    ['x', 'packed', 'bias', 'y'],
    ['H', 'W', 'C', 'N', 'block', 'xRow', 'xImage', 'yRow', 'yImage', 'hasBias', 'activation'],
    [],
    (i) => ({ each: 1, m: Math.ceil(i.H / 2) * Math.ceil(i.W / 2), per: i.block }),
  ),
  // out (tap, C, N), row stride ldo = sum over images and pixels of x * dy (H, W, N), then + the ladder
  winograd_dw: define(['x', 'dy', 'out'], ['H', 'W', 'C', 'N', 'xRow', 'xImage', 'dyRow', 'dyImage', 'ldo'], [], (i) =>
    fixed(Math.ceil(i.C / WINOGRAD_BLOCK) * panels(i.N)),
  ),
  // channel by channel: y (C) at yTable[p] = activation(bias + sum over taps of x at xTable[p] + xTaps[t], times w at wTaps[t]).
  // Tables as conv's. Forward and dX alike
  depthwise: define(
    ['x', 'w', 'bias', 'y', 'xTable', 'yTable', 'xTaps', 'wTaps'],
    ['pixels', 'taps', 'C', 'xImage', 'yImage', 'hasBias', 'activation'],
    [],
    (i) => perImage(Math.ceil(i.pixels / ROW_BLOCK)),
  ),
  // out (R, C) = sum over images and H x W pixels of x[pixel + rowTable[r]] * dy[pixel], channel by channel, then + the ladder
  depthwise_dw: define(
    ['x', 'dy', 'out', 'rowTable'],
    ['R', 'C', 'H', 'W', 'xStep', 'xRow', 'xImage', 'dyStep', 'dyRow', 'dyImage'],
    [],
    (i) => fixed(Math.ceil(i.R / OUT_BLOCK) * panels(i.C)),
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

  // ---- masks, f32: 1 for a place that holds something, 0 for padding. mask (M) = whether any of a row of x (M, L) differs from value
  mask_places: define(['x', 'mask'], ['m', 'L'], ['value'], (i) => ({ each: 1, m: i.m, per: LOOKUP_BLOCK })),
  // shares (rows, T) = mask (rows, T) over its sum in each row; all 0 where that is 0
  mask_shares: define(['mask', 'shares'], ['T'], [], () => perImage()),

  // ---- attention. q (rows, T, heads x D), k (rows, S, heads x D), v (rows, S, heads x E), o (rows, T, heads x E), each with a row
  // stride: o = softmax(scale q k^T) v, head by head. mask f32 (rows, S): keys that are 0 are not attended; causal 1: nor keys behind the
  // query. A query without any key gives 0. lse (rows, heads, T): the logarithm of the sum of its exponentials. Of the weights a share
  // `rate` is dropped. D and E are at most 512
  attention: define(
    ['q', 'k', 'v', 'mask', 'o', 'lse'],
    ['heads', 'T', 'S', 'D', 'E', 'ldq', 'ldk', 'ldv', 'ldo', 'causal', 'hasMask', 'site'],
    ['scale', 'rate'],
    (i) => perImage(i.heads),
  ),
  // dq, dk, dv as q, k, v; dy as o
  attention_backward: define(
    ['q', 'k', 'v', 'mask', 'o', 'lse', 'dy', 'dq', 'dk', 'dv'],
    ['heads', 'T', 'S', 'D', 'E', 'ldq', 'ldk', 'ldv', 'ldo', 'causal', 'hasMask', 'site'],
    ['scale', 'rate'],
    (i) => perImage(i.heads),
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
  // y (rows, L): numbers drawn as dropout's: from low to high, or with normal 1 of mean low and deviation high
  noise: define(['y'], ['L', 'normal', 'site'], ['low', 'high'], () => perImage()),

  // ---- batch normalization, channel by channel, over one micro-shard: it never has several leaves. P = C rounded up to 16.
  // partial (blocks, 2, P): each block's sum, and its sum of squares around its own mean
  batch_moments: define(['x', 'partial'], [...image, 'xImage', 'xRow'], [], blocks),
  // norm (4, P): scale, shift, mean, 1 / deviation (y = x * scale + shift). meanSum, varianceSum (C): rows * moment, then + the ladder
  batch_statistics: define(
    ['partial', 'gamma', 'beta', 'norm', 'meanSum', 'varianceSum'],
    [...image, 'hasGamma', 'hasBeta'],
    ['epsilon'],
    (i) => fixed(panels(i.C)),
  ),
  // the same norm, of moving statistics
  batch_inference: define(
    ['mean', 'variance', 'gamma', 'beta', 'norm'],
    ['C', 'hasGamma', 'hasBeta'],
    ['epsilon'],
    (i) => fixed(panels(i.C)),
  ),
  // y = x * scale + shift; relu 1: max with 0
  batch_normalize: define(['x', 'norm', 'y'], [...image, 'xImage', 'xRow', 'yImage', 'yRow', 'relu'], [], () =>
    perImage(),
  ),
  // partial (blocks, 2, P): each block's sum of dy and of dy * (x - mean); relu 1: dy counts only where y > 0
  batch_moments_backward: define(
    ['dy', 'x', 'norm', 'partial'],
    [...image, 'dyImage', 'dyRow', 'xImage', 'xRow', 'relu'],
    [],
    blocks,
  ),
  // factors (2, P): dx = scale * dy + factors[0] * (x - mean) + factors[1]; dGamma, dBeta (C), then + the ladder
  batch_statistics_backward: define(
    ['partial', 'norm', 'factors', 'dGamma', 'dBeta'],
    [...image, 'hasGamma', 'hasBeta'],
    [],
    (i) => fixed(panels(i.C)),
  ),
  batch_normalize_backward: define(
    ['dy', 'x', 'norm', 'factors', 'dx'],
    [...image, 'dyImage', 'dyRow', 'xImage', 'xRow', 'dxImage', 'dxRow', 'relu'],
    [],
    () => perImage(),
  ),

  // ---- rows of C of M by themselves: norm (M, 2): mean, 1 / deviation. mode 0: around the mean; 1: by the root of the mean square;
  // 2: by the length, which is at least the root of epsilon. y = (x - mean) / deviation * gamma + beta
  row_normalize: define(
    ['x', 'gamma', 'beta', 'y', 'norm'],
    ['m', 'C', 'mode', 'hasGamma', 'hasBeta'],
    ['epsilon'],
    (i) => ({ each: 1, m: i.m, per: 16 }),
  ),
  row_normalize_backward: define(['dy', 'x', 'gamma', 'norm', 'dx'], ['m', 'C', 'mode', 'hasGamma'], [], (i) => ({
    each: 1,
    m: i.m,
    per: 16,
  })),
  // dGamma (C) = sum over rows of dy (x - mean) / deviation, dBeta (C) of dy, then + the ladder
  row_normalize_gradients: define(['dy', 'x', 'norm', 'dGamma', 'dBeta'], ['m', 'C', 'hasGamma', 'hasBeta'], [], (i) =>
    fixed(panels(i.C)),
  ),
  // each image by groups of C / groups channels: norm (rows, 4, P) as batch_statistics'
  group_normalize: define(
    ['x', 'gamma', 'beta', 'y', 'norm'],
    [...image, 'groups', 'xImage', 'xRow', 'yImage', 'yRow', 'hasGamma', 'hasBeta'],
    ['epsilon'],
    () => perImage(),
  ),
  // partial (rows, 2, C): dGamma and dBeta of each image. Spends norm
  group_normalize_backward: define(
    ['dy', 'x', 'norm', 'partial', 'dx'],
    [...image, 'groups', 'dyImage', 'dyRow', 'xImage', 'xRow', 'dxImage', 'dxRow', 'wantInput'],
    [],
    () => perImage(),
  ),

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
  // the same from x alone, for windows of any size
  maxpool_gradient: define(
    ['dy', 'x', 'dx'],
    [...window, 'dyImage', 'dyRow', 'xImage', 'xRow', 'dxImage', 'dxRow'],
    [],
    () => perImage(),
  ),
  // mean over the part of the window that lies inside the image
  avgpool: define(['x', 'y'], [...window, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  avgpool_backward: define(['dy', 'dx'], [...window, 'dyImage', 'dyRow', 'dxImage', 'dxRow'], [], () => perImage()),

  // ---- (A, B, L) elements of an image, a stride for each axis of each operand; 0 where it is broadcast
  move: define(['x', 'y'], ['A', 'B', 'L', ...axes('x'), ...axes('y')], [], () => perImage()),
  // y = a op b: 0 add, 1 subtract, 2 multiply, 3 maximum, 4 minimum. aL and bL are 0 or 1, y's is 1
  combine: define(
    ['a', 'b', 'y'],
    ['operation', 'A', 'B', 'L', ...axes('a'), ...axes('b'), 'yImage', 'yA', 'yB'],
    [],
    () => perImage(),
  ),
  // y = sum of a * b over the axes in `over`: 1 A, 2 B, 4 L. Strides as in combine
  sum_product: define(
    ['a', 'b', 'y'],
    ['over', 'A', 'B', 'L', ...axes('a'), ...axes('b'), 'yImage', 'yA', 'yB'],
    [],
    () => perImage(),
  ),
  // dx = dy where x == y, or with others 1 where not; 0 elsewhere
  pick: define(
    ['dy', 'x', 'y', 'dx'],
    [...view, 'dyImage', 'dyRow', 'xImage', 'xRow', 'yImage', 'yRow', 'dxImage', 'dxRow', 'others'],
    [],
    () => perImage(),
  ),
  // y[oy, ox] = sum over the taps of row oy and of column ox of both weights times x. Taps of line i: rows[i] to rows[i + 1] - 1 of
  // rowTaps, pairs of u32 byte offset and f32 weight
  resample: define(
    ['x', 'y', 'rows', 'rowTaps', 'columns', 'columnTaps'],
    ['OH', 'OW', 'C', 'xImage', 'yImage', 'yRow'],
    [],
    () => perImage(),
  ),

  // ---- images read at other places. transform (rows, 8): y[oy, ox] = x at (px, py) = (t0 ox + t1 oy + t2, t3 ox + t4 oy + t5), by the
  // nearest pixel or between four. Beyond the border, fill: 0 the C values at outside, 1 the nearest, 2 mirrored, 3 from the other side
  warp: define(
    ['x', 'transform', 'outside', 'y'],
    [...image, 'fill', 'nearest', 'xImage', 'xRow', 'yImage', 'yRow'],
    [],
    () => perImage(),
  ),
  warp_backward: define(
    ['dy', 'transform', 'dx'],
    [...image, 'fill', 'nearest', 'dyImage', 'dyRow', 'dxImage', 'dxRow'],
    [],
    () => perImage(),
  ),
  // transform from drawn (rows, 2), 0 to 1, stretched to u and v. kind 1, 2, 3: columns turned over where u < 1/2, rows where v < 1/2,
  // both; 4: turned by u turns; 8: rows u and columns v times as far apart, 9: both u times; 16: shifted by u H rows and v W columns
  warp_transform: define(['drawn', 'transform'], ['kind', 'H', 'W'], ['uLow', 'uHigh', 'vLow', 'vHigh'], () =>
    perImage(),
  ),

  // ---- losses. One tile: sum (f64) over the rows in order, undivided. Gradients undivided too; wantGradient 0 leaves d* alone.
  // weights f32 (M): a row's loss and gradient times its weight, where hasWeights is 1. smoothing s: t (1 - s) + s / C, or + s / 2
  softmax_crossentropy: define(
    // labels i32 (M), or f32 (M, C) with oneHot 1; y = p; d = p - t. A sample's loss is the mean over those of its m rows whose label is
    // not below 0, and d is divided by their number; the others' d is 0
    ['logits', 'labels', 'weights', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'ldl', 'ldy', 'ldd', 'oneHot', 'hasWeights', 'wantGradient'],
    ['smoothing'],
    () => fixed(1),
  ),
  sigmoid_crossentropy: define(
    // targets f32 (M, C); a row's loss is the mean over C; d = (p - t) / C, y = p
    ['logits', 'targets', 'weights', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'ldl', 'ldy', 'ldd', 'hasWeights', 'wantGradient'],
    ['smoothing'],
    () => fixed(1),
  ),
  mean_squared_error: define(
    // targets f32 (M, C); a row's loss is the mean over C; d = 2 (y - t) / C
    ['y', 'targets', 'weights', 'dY', 'sum'],
    ['m', 'C', 'ldy', 'ldd', 'hasWeights', 'wantGradient'],
    [],
    () => fixed(1),
  ),
  // targets f32 (M, C); a row's loss is the sum over C, divided by `over`. kind: 0 absolute error, 1 Huber of `delta`, 2 log-cosh,
  // 3 hinge, 4 squared hinge, 5 Kullback-Leibler divergence, 6 Poisson
  pointwise_loss: define(
    ['y', 'targets', 'weights', 'dY', 'sum'],
    ['m', 'C', 'ldy', 'ldd', 'over', 'kind', 'hasWeights', 'wantGradient'],
    ['delta'],
    () => fixed(1),
  ),
  // over whole rows (M, C), a row's loss divided by `over`
  cosine_similarity: define(
    ['y', 'targets', 'weights', 'dY', 'sum'],
    ['m', 'C', 'over', 'hasWeights', 'wantGradient'],
    [],
    () => fixed(1),
  ),
  categorical_hinge: define(
    ['y', 'targets', 'weights', 'dY', 'sum'],
    ['m', 'C', 'over', 'hasWeights', 'wantGradient'],
    [],
    () => fixed(1),
  ),
  // crossentropies times (1 - p)^gamma. labels f32 (M, C); alpha times; of sigmoids ofOne times where t is 1, ofZero where it is 0
  softmax_focal: define(
    ['logits', 'labels', 'weights', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'over', 'hasWeights', 'wantGradient'],
    ['alpha', 'gamma', 'smoothing'],
    () => fixed(1),
  ),
  sigmoid_focal: define(
    ['logits', 'labels', 'weights', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'over', 'hasWeights', 'wantGradient'],
    ['gamma', 'smoothing', 'ofOne', 'ofZero'],
    () => fixed(1),
  ),
  // weights (M) = table at the row's class: labels i32 (M), or f32 (M, C) with oneHot 1: the greatest; of one column: above 0.5
  class_weights: define(['labels', 'table', 'weights'], ['m', 'C', 'oneHot'], [], () => fixed(1)),

  // ---- counts, as f64, written (not added). The prediction is the first maximum of a row
  // count[0] of the rows, right ones; count[1], those whose label is not below 0
  count_correct: define(['y', 'labels', 'count'], ['m', 'C', 'ldy', 'oneHot'], [], () => fixed(1)),
  count_top_k: define(['y', 'labels', 'count'], ['m', 'C', 'ldy', 'oneHot', 'k'], [], () => fixed(1)), // label's score among the k best
  count_binary: define(['y', 'targets', 'count'], ['m', 'C', 'ldy'], [], () => fixed(1)), // how often (y > 0.5) == (t > 0.5)
  confusion: define(['y', 'labels', 'counts'], ['m', 'C', 'ldy', 'oneHot'], [], () => fixed(1)), // (true, predicted) f64 C x C
  confusion_binary: define(['y', 'targets', 'counts'], ['m', 'ldy'], [], () => fixed(1)), // C = 1: 2 x 2 at threshold 0.5

  // ---- pixels: packed images of bytes, (H, W, C), changed by whole numbers alone: the same bytes on every machine. The data
  // threads call them on images, one call an image; a tile is a row of y
  // y (H, N, C), y[p] = (2^21 + sum of weights[p][t] x[first + t]) >> 22, clamped. bounds u32 (N, 2): first pixel, number of taps;
  // weights i32 (N, most). As Pillow resizes, first along rows, then along columns. x rows of xRow bytes
  pixels_across: define(['x', 'bounds', 'weights', 'y'], ['H', 'N', 'C', 'most', 'xRow'], [], (i) => fixed(i.H)),
  // y (H, L) likewise from rows of L bytes
  pixels_down: define(['x', 'bounds', 'weights', 'y'], ['H', 'L', 'most'], [], (i) => fixed(i.H)),
  // y (H, W, C) at (row, column) = x at (m[3] column + m[4] row + m[5], m[0] column + m[1] row + m[2]) / 2^16; outside (C): bytes that
  // lie around x. nearest 1: the pixel in which the place lies; 0: between four, by distances in 256ths
  pixels_warp: define(['x', 'matrix', 'outside', 'y'], ['H', 'W', 'C', 'nearest'], [], (i) => fixed(i.H)),
  // y = table[channel][x]. table u8 (C, 256)
  pixels_lookup: define(['x', 'table', 'y'], ['H', 'W', 'C'], [], (i) => fixed(i.H)),
  // counts u32 (C, 256), of each byte
  pixels_histogram: define(['x', 'counts'], ['H', 'W', 'C'], [], () => fixed(1)),
  // y = (2^15 + 2^16 b + share (a - b)) >> 16, clamped: more than a itself where share is above 2^16
  pixels_mix: define(['a', 'b', 'y'], ['H', 'L', 'share'], [], (i) => fixed(i.H)),
  // red, green, blue: each becomes (19595 R + 38470 G + 7471 B + 2^15) >> 16
  pixels_grey: define(['x', 'y'], ['H', 'W'], [], (i) => fixed(i.H)),
  // red, green, blue with their hue turned by turn / 2^16 of the circle; lightness and saturation stay
  pixels_hue: define(['x', 'y'], ['H', 'W', 'turn'], [], (i) => fixed(i.H)),
  // each pixel the mean of its neighbours and five times itself, over 13; those at the border stay
  pixels_smooth: define(['x', 'y'], ['H', 'W', 'C'], [], (i) => fixed(i.H)),

  // ---- a layer or a loss that a user wrote: the host computes its samples (trainer/custom-calls.ts). about: JSON of `length` bytes.
  // Of a loss: w weights, x what the model gives, y f64 (rows) losses, dy labels, dx its gradient
  custom: define(['about', 'w', 'x', 'y', 'dy', 'dx', 'dw'], ['length', 'backward'], [], () => perImage()),

  // sum (f64) of values (rows) f64, leaf by leaf in the tree: the losses of samples that the host gives
  sum_rows: define(['values', 'sum'], [], [], () => fixed(1)),

  // ---- the tree. values of this leaf (in contribution) + the ladder, deepest sibling first
  ladder_f64: define(['values'], ['count'], [], () => fixed(1)),
  // out = out + part, then + the ladder
  accumulate: define(['part', 'out'], ['count'], [], (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK))),
  // sum = values[0] * weights[0] + ..., f64; weights f32
  weigh_f64: define(['values', 'weights', 'sum'], ['count'], [], () => fixed(1)),
  // values of this leaf (in contribution) rounded to half precision, then + the ladder: codecs are leaf-wise
  round_f16: define(['values'], ['count'], [], (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK))),
  // out = the sum that the reduce program of the bindings (abi.ts) gives, of `count` values at byte offset `partAt` of each part
  reduce_f64: define(['out'], ['partAt', 'count'], [], () => fixed(1)),
  reduce_f32: define(['out'], ['partAt', 'count'], [], (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK))),

  // ---- optimizers: g = reduced gradient / scalars[0]; p and slots are read, next* written. scalars[1] = rate; more as each says.
  // The sum that is reduced has what earlier steps carried (abi.ts) at its left, and is clipped to +-scalars[14] where that is above 0
  // Weight decay is Keras 3's, decoupled: q = p (1 - rate * weightDecay) comes first
  sgd: update([], []),
  sgd_momentum: define(
    ['p', 'nextP', 'velocity', 'nextVelocity', 'scalars'],
    ['count', 'partAt', 'nesterov'],
    ['weightDecay', 'momentum'],
    updateTiles,
  ),
  // ---- regularisers: sums[tile] (f64) = l1 |w| + l2 w^2 over the tile; sum (f64) = all `count` of them x rows, leaf by leaf in the tree
  penalty: define(['source', 'sums'], ['count'], ['l1', 'l2'], updateTiles),
  penalty_loss: define(['sums', 'sum'], ['count'], [], () => fixed(1)),
  // out = scalars[0] (l1 sign(p) + 2 l2 p): what a reduce program adds to the sums of a gradient
  penalty_gradient: define(['p', 'scalars', 'out'], ['count'], ['l1', 'l2'], updateTiles),
  // ---- constraints, in place after an update. w (outer, K, inner): each vector along K x (rate clip(norm, floor, ceiling)
  // + (1 - rate) norm) / (norm + 1e-7); w = max(w, 0)
  limit_norm: define(['w'], ['outer', 'K', 'inner'], ['floor', 'ceiling', 'rate'], (i) =>
    fixed(i.outer * Math.ceil(i.inner / 4)),
  ),
  limit_sign: define(['w'], ['count'], [], updateTiles),

  // p' = p momentum + s oneMinusMomentum: a moving statistic, s = its reduced sum over the rows / scalars[0]
  moving_average: define(['p', 'nextP', 'scalars'], ['count', 'partAt'], ['momentum', 'oneMinusMomentum'], updateTiles),
  // m += (g - m)(1 - b1); v += (g^2 - v)(1 - b2); p' = q - scalars[2] m / (sqrt(v) + eps)
  adam: update(['m', 'nextM', 'v', 'nextV'], ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon']),
  // the same with the greatest v so far: top = max(top, v); p' = q - scalars[2] m / (sqrt(top) + eps)
  amsgrad: update(['m', 'nextM', 'v', 'nextV', 'top', 'nextTop'], ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon']),
  // m and v as adam's; p' = q - (scalars[2] m + scalars[3] g) / (sqrt(scalars[4] v) + eps)
  nadam: update(['m', 'nextM', 'v', 'nextV'], ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon']),
  // m as adam's; u = max(b2 u, |g|); p' = q - scalars[2] m / (u + eps)
  adamax: update(['m', 'nextM', 'u', 'nextU'], ['oneMinusBeta1', 'beta2', 'epsilon']),
  // p' = q - rate sign(m b1 + g (1 - b1)); m' = m b2 + g (1 - b2)
  lion: update(['m', 'nextM'], ['beta1', 'oneMinusBeta1', 'beta2', 'oneMinusBeta2']),
  // a += g^2; p' = q - rate g / sqrt(a + eps)
  adagrad: update(['a', 'nextA'], ['epsilon']),
  // a = rho a + (1 - rho) g^2; delta = sqrt(d + eps) g / sqrt(a + eps); d = rho d + (1 - rho) delta^2; p' = q - rate delta
  adadelta: update(['a', 'nextA', 'd', 'nextD'], ['rho', 'oneMinusRho', 'epsilon']),
  // v = rho v + (1 - rho) g^2; centred: a = rho a + (1 - rho) g, v - a^2 in place of v below; step = rate g / sqrt(v + eps);
  // with momentum: m = momentum m + step, m in place of step; p' = q - step. Slots that it does not use are never touched
  rmsprop: define(
    ['p', 'nextP', 'v', 'nextV', 'a', 'nextA', 'm', 'nextM', 'scalars'],
    ['count', 'partAt', 'centered', 'hasMomentum'],
    ['weightDecay', 'rho', 'oneMinusRho', 'momentum', 'epsilon'],
    updateTiles,
  ),
  // m and v as adam's; squares, f64, one a tile: of q, and of step = scalars[2] m / (sqrt(scalars[3] v) + eps)
  lamb_moments: define(
    ['p', 'm', 'nextM', 'v', 'nextV', 'scalars', 'wSquares', 'uSquares'],
    ['count', 'partAt'],
    ['weightDecay', 'oneMinusBeta1', 'oneMinusBeta2', 'epsilon'],
    updateTiles,
  ),
  // p' = q - rate scalars[15] step, of such m and v
  lamb: define(['p', 'nextP', 'm', 'v', 'scalars'], ['count'], ['weightDecay', 'epsilon'], updateTiles),
  // v = momentum v + scalars[15] (g + weightDecay p); p' = p - rate v. The decay is not decoupled here
  lars: define(
    ['p', 'nextP', 'velocity', 'nextVelocity', 'scalars'],
    ['count', 'partAt', 'nesterov'],
    ['weightDecay', 'momentum'],
    updateTiles,
  ),
  // a = scalars[12] a + scalars[13] p; p = a where scalars[11] is above 0
  average: define(['p', 'a', 'nextA', 'scalars'], ['count'], [], updateTiles),
  // y = x, or 0
  carry: define(['x', 'y'], ['count', 'clears'], [], updateTiles),
  // out = the sum that an optimizer would divide
  gradient_sums: define(['scalars', 'out'], ['count', 'partAt'], [], updateTiles),

  // ---- norms, f64. out = the sum of x^2 (of g^2) over each tile
  squares: define(['x', 'out'], ['count'], [], updateTiles),
  gradient_squares: define(['scalars', 'out'], ['count', 'partAt'], [], updateTiles),
  // sum = values added pair by pair, in place
  tree_f64: define(['values', 'sum'], ['count'], [], () => fixed(1)),
  // next = now, 16 scalars; a norm sqrt(sum) beyond `most` raises the divisor so that the norm is `most`
  clip_scale: define(['sum', 'now', 'next'], [], ['most'], () => fixed(1)),
  // next = now but for [15] = coefficient |w| / (|g| + decay |w| + epsilon), of w and g the squares; 1 where one of them is 0
  trust_ratio: define(['w', 'g', 'now', 'next'], [], ['coefficient', 'decay', 'epsilon'], () => fixed(1)),
} as const;

export type Signatures = typeof signatures;
export type KernelName = keyof Signatures;
export type OperandName<K extends KernelName> = Signatures[K]['operands'][number];
export type IntName<K extends KernelName> = Signatures[K]['ints'][number];
export type FloatName<K extends KernelName> = Signatures[K]['floats'][number];

/** Kernels in the order of their numbers in a plan's call records. */
export const kernelNames = Object.keys(signatures) as readonly KernelName[];
/** Those that compute by themselves: all but the one that asks the host. */
export const ownKernels = kernelNames.filter((name) => name !== 'custom');

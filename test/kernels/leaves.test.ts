// leaves.test.ts: kernels that sum over rows give, for several leaves in one call, the very bits of a call a leaf added in the tree.
import type { KernelName, OperandName } from '../../kernels/signatures.ts';
import { ladder } from '../../trainer/tree.ts';
import { type KernelCase, noise, outputsOf, sameBytes, zeros } from '../cases/kernel.ts';

type Sums = Float32Array | Float64Array;

/** One call a leaf, added as one team would: left + right, a missing right child passed by. */
function added(leaves: readonly Sums[]): Sums {
  const slots: Sums[] = [];
  const plus = (left: Sums, right: Sums): Sums => left.map((value, i) => value + right[i]!) as Sums;
  const { steps, parts } = ladder(0, leaves.length);
  for (const { leaf, slot, siblings } of steps)
    slots[slot] = siblings.reduce((sum, sibling) => plus(slots[sibling]!, sum), leaves[leaf]!);
  return parts.map(({ slot }) => slots[slot]!).reduceRight((right, left) => plus(left, right));
}

/** Ends of leaves: alone, two, a full node, ragged nodes, more than one block of rows. */
const ENDS = [[5], [8, 16], [3, 5, 7, 9], [2, 4, 5], [1, 2, 3, 4, 5, 6, 7], [140, 280, 285]] as const;

function suite<K extends KernelName>(
  kernel: K,
  out: OperandName<K>,
  make: (from: number, to: number) => KernelCase<K>,
): void {
  describe(`kernel ${kernel} over several leaves`, () => {
    for (const ends of ENDS)
      it(`gives the bits of a call a leaf, added in the tree: rows up to ${ends.join(', ')}`, () => {
        const all = ends.at(-1)!;
        const whole = outputsOf(kernel, { ...make(0, all), leafEnds: ends }).get(out) as Sums;
        const each = ends.map((end, i) => outputsOf(kernel, make(ends[i - 1] ?? 0, end)).get(out) as Sums);
        sameBytes(whole, added(each), 'side by side');
      });
  });
}

const rows = (data: Float32Array, width: number, from: number, to: number) => data.slice(from * width, to * width);
const common = { writes: [], tolerance: 0 } as const;

const [K, N] = [50, 18];
const [a, b] = [noise(300 * K, 3), noise(300 * N, 4)];
suite('gemm_tn', 'out', (from, to) => ({
  ...common,
  title: '',
  rows: to - from,
  operands: {
    a: { data: rows(a, K, from, to) },
    b: { data: rows(b, N, from, to) },
    out: { data: zeros(K * N), ladder: [] },
  },
  ints: { m: 1, K, N, lda: K, ldb: N, ldo: N },
}));

describe('kernel gemm_tn over bundles in several arenas', () => {
  /** Rows of matrices of one sample; leaves of each bundle. The last has fewer, or ends within a leaf's usual size. */
  const cuts = [
    {
      m: 1,
      bundles: [
        [8, 16],
        [8, 11],
      ],
    },
    { m: 1, bundles: [[4, 8, 12, 16], [4, 8, 12, 16], [1]] },
    { m: 2, bundles: [[3], [2]] },
    { m: 1, bundles: [[140], [140]] },
  ];
  for (const { m, bundles } of cuts)
    for (const columns of [18, 64])
      it(`gives the bits of one call over all rows: ${m} x ${JSON.stringify(bundles)} rows, ${columns} columns`, () => {
        const counts = bundles.map((ends) => ends.at(-1)!);
        const starts = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0));
        const all = counts.reduce((sum, count) => sum + count, 0);
        const [x, y] = [noise(m * all * K, 11), noise(m * all * columns, 12)];
        const make = (a: Float32Array, b: Float32Array): KernelCase<'gemm_tn'> => ({
          ...common,
          title: '',
          rows: all,
          operands: { a: { data: a }, b: { data: b }, out: { data: zeros(K * columns), ladder: [] } },
          ints: { m, K, N: columns, lda: K, ldb: columns, ldo: columns },
          leafEnds: bundles.flatMap((ends, i) => ends.map((end) => starts[i]! + end)),
        });
        const whole = outputsOf('gemm_tn', make(x, y)).get('out') as Sums;
        const most = m * Math.max(...counts);
        const gathered: KernelCase<'gemm_tn'> = {
          ...make(zeros(most * K).fill(Number.NaN), zeros(most * columns).fill(Number.NaN)),
          bundles: counts.map((count, i) => {
            const [from, to] = [m * starts[i]!, m * (starts[i]! + count)];
            return { rows: count, operands: { a: rows(x, K, from, to), b: rows(y, columns, from, to) } };
          }),
        };
        // in pieces: those after the first find gathered what they need
        for (const split of ['whole', 'pieces'] as const)
          sameBytes(outputsOf('gemm_tn', gathered, 'relaxed', split).get('out')!, whole, split);
      });
});

const image = 4 * 5 * 2; // (4, 5, 2)
const gradient = 3 * 4 * 17; // (3, 4, 17), of 2 x 2 windows
const [x, dy] = [noise(300 * image, 5), noise(300 * gradient, 6)];
suite('conv_dw', 'out', (from, to) => ({
  ...common,
  title: '',
  rows: to - from,
  operands: {
    x: { data: rows(x, image, from, to) },
    dy: { data: rows(dy, gradient, from, to) },
    out: { data: zeros(8 * 17), ladder: [] },
    rowTable: { data: Uint32Array.from([0, 4, 8, 12, 40, 44, 48, 52, 0, 0, 0, 0, 0, 0, 0, 0]) },
  },
  ints: {
    ...{ R: 8, N: 17, groups: 1, H: 3, W: 4, xStep: 2, xRow: 10, xImage: image },
    ...{ dyStep: 17, dyRow: 68, dyImage: gradient, xGroup: 0, dyGroup: 0, ldo: 17, outGroup: 0 },
  },
}));

const [patches, results] = [noise(300 * 180, 8), noise(300 * 272, 9)]; // (6, 6, 5) and (4, 4, 17)
suite('winograd_dw', 'out', (from, to) => ({
  ...common,
  title: '',
  rows: to - from,
  operands: {
    x: { data: rows(patches, 180, from, to) },
    dy: { data: rows(results, 272, from, to) },
    out: { data: zeros(9 * 5 * 17), ladder: [] },
  },
  ints: { H: 4, W: 4, C: 5, N: 17, xRow: 30, xImage: 180, dyRow: 68, dyImage: 272, ldo: 17 },
}));

suite('bias_gradient', 'out', (from, to) => ({
  ...common,
  title: '',
  rows: to - from,
  operands: { dy: { data: rows(dy, gradient, from, to) }, out: { data: zeros(17), ladder: [] } },
  ints: { H: 3, W: 4, C: 17, dyImage: gradient, dyRow: 68 },
}));

const pairs = noise(600, 10);
for (const out of ['dGamma', 'dBeta'] as const)
  suite('row_normalize_gradients', out, (from, to) => ({
    ...common,
    title: '',
    rows: to - from,
    operands: {
      dy: { data: rows(dy, 17, from, to) },
      x: { data: rows(x, 17, from, to) },
      norm: { data: rows(pairs, 2, from, to) },
      dGamma: { data: zeros(17), ladder: [] },
      dBeta: { data: zeros(17), ladder: [] },
    },
    ints: { m: 1, C: 17, hasGamma: 1, hasBeta: 1 },
  }));

const C = 10;
const logits = noise(300 * C, 7);
const labels = Int32Array.from({ length: 300 }, (_, i) => i % C);
suite('softmax_crossentropy', 'sum', (from, to) => ({
  ...common,
  title: '',
  rows: to - from,
  operands: {
    logits: { data: rows(logits, C, from, to) },
    labels: { data: labels.slice(from, to) },
    weights: { data: new Float32Array(to - from) },
    y: { data: zeros((to - from) * C) },
    dLogits: { data: zeros((to - from) * C) },
    sum: { data: new Float64Array(1) },
  },
  ints: { m: 1, C, ldl: C, ldy: C, ldd: C, oneHot: 0, hasWeights: 0, wantGradient: 1 },
  floats: { smoothing: 0 },
}));

const [wide, narrow] = [4 * 5 * 18, 3 * 4 * 18]; // (4, 5, 18) under 2 x 2 windows: (3, 4, 18)
const [xDeep, dyDeep] = [noise(300 * wide, 7), noise(300 * narrow, 8)];
suite('depthwise_dw', 'out', (from, to) => ({
  ...common,
  title: '',
  rows: to - from,
  operands: {
    x: { data: rows(xDeep, wide, from, to) },
    dy: { data: rows(dyDeep, narrow, from, to) },
    out: { data: zeros(4 * 18), ladder: [] },
    rowTable: { data: Uint32Array.from([0, 72, 360, 432]) },
  },
  ints: {
    ...{ R: 4, C: 18, H: 3, W: 4, xStep: 18, xRow: 90, xImage: wide },
    ...{ dyStep: 18, dyRow: 72, dyImage: narrow },
  },
}));

// losses.test.ts: losses fused with their last activation: sums, probabilities, gradients.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

const WIDTHS = [1, 3, 4, 5, 10, 15, 16, 17, 33];

interface Options {
  readonly rows?: number;
  readonly m?: number;
  readonly oneHot?: boolean;
  readonly wantGradient?: number;
  readonly smoothing?: number;
  readonly hasWeights?: number;
  readonly change?: (logits: Float32Array) => void;
}

const weights = (rows: number) => ({ data: noise(rows, 31).map((x) => 1 + x), misalign: 4 });

const softmax = (C: number, options: Options = {}): KernelCase<'softmax_crossentropy'> => {
  const { rows = 3, m = 1, oneHot = false, wantGradient = 1, smoothing = 0, hasWeights = 0, change } = options;
  const M = rows * m;
  const logits = noise(M * (C + 1), C).map((x) => 6 * x);
  change?.(logits);
  const labels = oneHot
    ? noise(M * C, 2).map((x, i) => (i % 3 ? Math.abs(x) : 0))
    : Int32Array.from({ length: M }, (_, i) => (m > 1 && i % 4 === 1 ? -1 : (i * 7) % C));
  return {
    title: `${rows} x ${m} rows of ${C}, ${oneHot ? 'shares' : 'labels'}${wantGradient ? '' : ', no gradient'}${smoothing ? ', smoothed' : ''}${hasWeights ? ', weighted' : ''}`,
    rows,
    operands: {
      logits: { data: logits, misalign: 4 },
      labels: { data: labels, misalign: oneHot ? 4 : 0 },
      weights: weights(M),
      y: { data: zeros(M * (C + 2)), misalign: 8 },
      dLogits: { data: zeros(M * (C + 3)), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, ldl: C + 1, ldy: C + 2, ldd: C + 3, oneHot: Number(oneHot), hasWeights, wantGradient },
    floats: { smoothing },
    writes: ['y', 'dLogits', 'sum'],
    tolerance: smoothing ? 2e-7 : 6e-8,
  };
};

kernelSuite('softmax_crossentropy', [
  ...WIDTHS.map((C) => softmax(C)),
  ...WIDTHS.map((C) => softmax(C, { oneHot: true })),
  softmax(5, { rows: 17, m: 3 }),
  softmax(10, { wantGradient: 0 }),
  softmax(5, { smoothing: 0.2, hasWeights: 1 }),
  softmax(17, { oneHot: true, smoothing: 0.1 }),
  { ...softmax(10, { change: (x) => x.set([Number.NaN], 4) }), title: 'a NaN among the logits' },
  { ...softmax(10, { change: (x) => x.fill(-Infinity, 1, 8) }), title: 'infinitely small logits' },
  { ...softmax(10, { oneHot: true, change: (x) => x.fill(-Infinity, 0, 1) }), title: '-infinity of no share' },
  { ...softmax(10, { change: (x) => x.set([Infinity], 2) }), title: 'an infinite logit' },
]);

const sigmoid = (C: number, options: Options = {}): KernelCase<'sigmoid_crossentropy'> => {
  const { rows = 3, m = 1, wantGradient = 1, smoothing = 0, hasWeights = 0, change } = options;
  const M = rows * m;
  const logits = noise(M * (C + 1), C).map((x) => 9 * x);
  change?.(logits);
  return {
    title: `${rows} x ${m} rows of ${C}${wantGradient ? '' : ', no gradient'}${smoothing ? ', smoothed' : ''}${hasWeights ? ', weighted' : ''}`,
    rows,
    operands: {
      logits: { data: logits, misalign: 4 },
      targets: { data: noise(M * C, 2).map((x) => (x > 0.5 ? 1 : Math.max(0, x))), misalign: 4 },
      weights: weights(M),
      y: { data: zeros(M * (C + 2)), misalign: 8 },
      dLogits: { data: zeros(M * (C + 3)), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, ldl: C + 1, ldy: C + 2, ldd: C + 3, hasWeights, wantGradient },
    floats: { smoothing },
    writes: ['y', 'dLogits', 'sum'],
    tolerance: smoothing ? 2e-7 : 6e-8,
  };
};

kernelSuite('sigmoid_crossentropy', [
  ...WIDTHS.map((C) => sigmoid(C)),
  sigmoid(5, { rows: 17, m: 3 }),
  sigmoid(10, { wantGradient: 0 }),
  sigmoid(5, { smoothing: 0.2, hasWeights: 1 }),
  { ...sigmoid(4, { change: (x) => x.set([Number.NaN, Infinity, -Infinity, 1e30, -1e30, 800]) }), title: 'extremes' },
]);

const squares = (C: number, options: Options = {}): KernelCase<'mean_squared_error'> => {
  const { rows = 3, m = 1, wantGradient = 1, smoothing = 0, hasWeights = 0, change } = options;
  const M = rows * m;
  const y = noise(M * (C + 1), C);
  change?.(y);
  return {
    title: `${rows} x ${m} rows of ${C}${wantGradient ? '' : ', no gradient'}${smoothing ? ', smoothed' : ''}${hasWeights ? ', weighted' : ''}`,
    rows,
    operands: {
      y: { data: y, misalign: 4 },
      targets: { data: noise(M * C, 2), misalign: 8 },
      weights: weights(M),
      dY: { data: zeros(M * (C + 3)), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, ldy: C + 1, ldd: C + 3, hasWeights, wantGradient },
    writes: ['dY', 'sum'],
    tolerance: 6e-8,
  };
};

kernelSuite('mean_squared_error', [
  ...WIDTHS.map((C) => squares(C)),
  squares(5, { rows: 17, m: 3 }),
  squares(10, { wantGradient: 0 }),
  squares(5, { hasWeights: 1 }),
  { ...squares(4, { change: (y) => y.set([Number.NaN, Infinity, 1e30], 1) }), title: 'extremes' },
]);

const pointwise = (kind: number, C: number, options: Options = {}): KernelCase<'pointwise_loss'> => {
  const { rows = 3, m = 1, wantGradient = 1, hasWeights = 0, change } = options;
  const M = rows * m;
  const positive = (x: number) => (kind >= 5 ? 0.01 + Math.abs(x) : 2 * x);
  const y = noise(M * (C + 1), C).map(positive);
  change?.(y);
  return {
    title: `kind ${kind}, ${rows} x ${m} rows of ${C}${wantGradient ? '' : ', no gradient'}${hasWeights ? ', weighted' : ''}`,
    rows,
    operands: {
      y: { data: y, misalign: 4 },
      targets: {
        data: noise(M * C, 2).map(kind === 3 || kind === 4 ? (x) => Math.sign(Math.round(x)) : positive),
        misalign: 8,
      },
      weights: weights(M),
      dY: { data: zeros(M * (C + 3)), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, ldy: C + 1, ldd: C + 3, over: 3, kind, hasWeights, wantGradient },
    floats: { delta: 0.75 },
    writes: ['dY', 'sum'],
    tolerance: 6e-8,
  };
};
kernelSuite('pointwise_loss', [
  ...[0, 1, 2, 3, 4, 5, 6].flatMap((kind) => [pointwise(kind, 5, { hasWeights: 1 }), pointwise(kind, 16, { m: 2 })]),
  pointwise(1, 10, { wantGradient: 0 }),
  { ...pointwise(6, 5, { change: (y) => y.set([-0.5], 3) }), title: 'the logarithm of a number below 0' },
]);

const wholeRows = (C: number, options: Options = {}): KernelCase<'cosine_similarity' | 'categorical_hinge'> => {
  const { rows = 3, m = 1, wantGradient = 1, hasWeights = 0 } = options;
  const M = rows * m;
  return {
    title: `${rows} x ${m} rows of ${C}${wantGradient ? '' : ', no gradient'}${hasWeights ? ', weighted' : ''}`,
    rows,
    operands: {
      y: { data: noise(M * C, C), misalign: 4 },
      targets: { data: noise(M * C, 2).map(Math.abs), misalign: 8 },
      weights: weights(M),
      dY: { data: zeros(M * C), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, over: 2, hasWeights, wantGradient },
    writes: ['dY', 'sum'],
    tolerance: 1e-7,
  };
};
const rowShapes = [
  wholeRows(1),
  wholeRows(5, { hasWeights: 1 }),
  wholeRows(16, { m: 2 }),
  wholeRows(3, { wantGradient: 0 }),
];
kernelSuite('cosine_similarity', rowShapes);
kernelSuite('categorical_hinge', rowShapes);

const focal = (C: number, options: Options = {}) => {
  const { rows = 3, m = 1, wantGradient = 1, hasWeights = 0, smoothing = 0 } = options;
  const M = rows * m;
  return {
    title: `${rows} x ${m} rows of ${C}${wantGradient ? '' : ', no gradient'}${hasWeights ? ', weighted' : ''}`,
    rows,
    operands: {
      logits: { data: noise(M * C, C).map((x) => 3 * x), misalign: 4 },
      labels: { data: Float32Array.from({ length: M * C }, (_, i) => Number(i % C === (Math.floor(i / C) * 2) % C)) },
      weights: weights(M),
      y: { data: zeros(M * C), misalign: 8 },
      dLogits: { data: zeros(M * C), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, over: 2, hasWeights, wantGradient },
    floats: { alpha: 0.25, gamma: 1.5, smoothing, ofOne: 0.3, ofZero: 0.7 },
    writes: ['y', 'dLogits', 'sum'] as const,
    tolerance: 5e-7,
  };
};
const focalShapes = [2, 5, 16, 17].map((C) => focal(C, { hasWeights: C % 2, smoothing: C % 3 === 2 ? 0.1 : 0 }));
kernelSuite('softmax_focal', [...focalShapes, focal(5, { wantGradient: 0 })]);
kernelSuite('sigmoid_focal', [...focalShapes, focal(1), focal(5, { wantGradient: 0, m: 2 })]);

const classes = (C: number, oneHot: 0 | 1): KernelCase<'class_weights'> => ({
  title: `${C} ${oneHot ? 'shares' : 'classes'}`,
  rows: 7,
  operands: {
    labels: oneHot
      ? { data: noise(7 * C, 4), misalign: 4 }
      : { data: Int32Array.from({ length: 7 }, (_, i) => (i * 3) % C) },
    table: { data: noise(Math.max(2, C), 5) },
    weights: { data: zeros(7), misalign: 8 },
  },
  ints: { m: 1, C, oneHot },
  writes: ['weights'],
  tolerance: 0,
});
kernelSuite('class_weights', [classes(5, 0), classes(5, 1), classes(1, 1)]);

describe('softmax_crossentropy', () => {
  it('is exact within 1e-9 of the sum where a prediction is nearly sure', () => {
    const c = softmax(2, { rows: 1, change: (x) => x.set([12, -4]) });
    const sum = outputsOf('softmax_crossentropy', c).get('sum')![0]!;
    assert.ok(Math.abs(sum / Math.log1p(Math.exp(-16)) - 1) < 1e-9);
  });

  it('has gradients that sum to 0 over a row within 1e-6, and none where labels are out of range but p', () => {
    const C = 10;
    const c = softmax(C, { rows: 2 });
    const labels = { data: Int32Array.of(3, 10) };
    const outputs = outputsOf('softmax_crossentropy', { ...c, operands: { ...c.operands, labels } });
    const d = Array.from(outputs.get('dLogits')!);
    const y = Array.from(outputs.get('y')!);
    assert.ok(Math.abs(d.slice(0, C).reduce((total, value) => total + value, 0)) < 1e-6);
    assert.deepEqual(d.slice(C + 3, C + 3 + C), y.slice(C + 2, C + 2 + C));
  });
});

// losses.test.ts: losses fused with their last activation: sums, probabilities, gradients.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

const WIDTHS = [1, 3, 4, 5, 10, 15, 16, 17, 33];

interface Options {
  readonly rows?: number;
  readonly m?: number;
  readonly oneHot?: boolean;
  readonly wantGradient?: number;
  readonly change?: (logits: Float32Array) => void;
}

const softmax = (C: number, options: Options = {}): KernelCase<'softmax_crossentropy'> => {
  const { rows = 3, m = 1, oneHot = false, wantGradient = 1, change } = options;
  const M = rows * m;
  const logits = noise(M * (C + 1), C).map((x) => 6 * x);
  change?.(logits);
  const labels = oneHot
    ? noise(M * C, 2).map((x, i) => (i % 3 ? Math.abs(x) : 0))
    : Int32Array.from({ length: M }, (_, i) => (m > 1 && i % 4 === 1 ? -1 : (i * 7) % C));
  return {
    title: `${rows} x ${m} rows of ${C}, ${oneHot ? 'shares' : 'labels'}${wantGradient ? '' : ', no gradient'}`,
    rows,
    operands: {
      logits: { data: logits, misalign: 4 },
      labels: { data: labels, misalign: oneHot ? 4 : 0 },
      y: { data: zeros(M * (C + 2)), misalign: 8 },
      dLogits: { data: zeros(M * (C + 3)), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, ldl: C + 1, ldy: C + 2, ldd: C + 3, oneHot: Number(oneHot), wantGradient },
    writes: ['y', 'dLogits', 'sum'],
    tolerance: 6e-8,
  };
};

kernelSuite('softmax_crossentropy', [
  ...WIDTHS.map((C) => softmax(C)),
  ...WIDTHS.map((C) => softmax(C, { oneHot: true })),
  softmax(5, { rows: 17, m: 3 }),
  softmax(10, { wantGradient: 0 }),
  { ...softmax(10, { change: (x) => x.set([Number.NaN], 4) }), title: 'a NaN among the logits' },
  { ...softmax(10, { change: (x) => x.fill(-Infinity, 1, 8) }), title: 'infinitely small logits' },
  { ...softmax(10, { oneHot: true, change: (x) => x.fill(-Infinity, 0, 1) }), title: '-infinity of no share' },
  { ...softmax(10, { change: (x) => x.set([Infinity], 2) }), title: 'an infinite logit' },
]);

const sigmoid = (C: number, options: Options = {}): KernelCase<'sigmoid_crossentropy'> => {
  const { rows = 3, m = 1, wantGradient = 1, change } = options;
  const M = rows * m;
  const logits = noise(M * (C + 1), C).map((x) => 9 * x);
  change?.(logits);
  return {
    title: `${rows} x ${m} rows of ${C}${wantGradient ? '' : ', no gradient'}`,
    rows,
    operands: {
      logits: { data: logits, misalign: 4 },
      targets: { data: noise(M * C, 2).map((x) => (x > 0.5 ? 1 : Math.max(0, x))), misalign: 4 },
      y: { data: zeros(M * (C + 2)), misalign: 8 },
      dLogits: { data: zeros(M * (C + 3)), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, ldl: C + 1, ldy: C + 2, ldd: C + 3, wantGradient },
    writes: ['y', 'dLogits', 'sum'],
    tolerance: 6e-8,
  };
};

kernelSuite('sigmoid_crossentropy', [
  ...WIDTHS.map((C) => sigmoid(C)),
  sigmoid(5, { rows: 17, m: 3 }),
  sigmoid(10, { wantGradient: 0 }),
  { ...sigmoid(4, { change: (x) => x.set([Number.NaN, Infinity, -Infinity, 1e30, -1e30, 800]) }), title: 'extremes' },
]);

const squares = (C: number, options: Options = {}): KernelCase<'mean_squared_error'> => {
  const { rows = 3, m = 1, wantGradient = 1, change } = options;
  const M = rows * m;
  const y = noise(M * (C + 1), C);
  change?.(y);
  return {
    title: `${rows} x ${m} rows of ${C}${wantGradient ? '' : ', no gradient'}`,
    rows,
    operands: {
      y: { data: y, misalign: 4 },
      targets: { data: noise(M * C, 2), misalign: 8 },
      dY: { data: zeros(M * (C + 3)), misalign: 12 },
      sum: { data: Float64Array.of(5), misalign: 8 },
    },
    ints: { m, C, ldy: C + 1, ldd: C + 3, wantGradient },
    writes: ['dY', 'sum'],
    tolerance: 6e-8,
  };
};

kernelSuite('mean_squared_error', [
  ...WIDTHS.map((C) => squares(C)),
  squares(5, { rows: 17, m: 3 }),
  squares(10, { wantGradient: 0 }),
  { ...squares(4, { change: (y) => y.set([Number.NaN, Infinity, 1e30], 1) }), title: 'extremes' },
]);

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

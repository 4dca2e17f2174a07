// norms.test.ts: norms joined from tiles, what is clipped and carried on the way to an update, and updates that need norms.
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

const LENGTHS = [1, 5, 1025, 4097, 9000];
const tiles = (count: number) => new Float64Array(Math.ceil(count / 4096));
/** divisor, rate, two of the optimizer; replaces, momentum, share; limit, ratio. */
const scalars = (changes: Readonly<Record<number, number>> = {}) => {
  const data = Float32Array.of(24, 0.03, 1.4, 0.9, 0, 0, 0, 0, 0, 0, 0, 0, 0.9, 0.1, 0, 0.7);
  for (const [i, value] of Object.entries(changes)) data[Number(i)] = value;
  return { data };
};
const LIMIT = { 14: 0.4 };
/** Two parts, each two floats into its contribution. */
const gradient = (count: number) => [noise(count + 2, 1), noise(count + 2, 2), '+'] as const;

const summed = (count: number, changes: Readonly<Record<number, number>>, carries: boolean) => ({
  title: `${count} elements${14 in changes ? ', clipped' : ''}${carries ? ', with what was carried' : ''}`,
  rows: 1,
  ints: { count, partAt: 8 },
  reduce: gradient(count),
  ...(carries && { carried: noise(count + 2, 3) }),
});
const ways = (count: number) => [
  summed(count, {}, false),
  ...(count > 4 ? [summed(count, LIMIT, false), summed(count, {}, true), summed(count, LIMIT, true)] : []),
];
const scalarsOf = (title: string) => scalars(title.includes('clipped') ? LIMIT : {});

kernelSuite(
  'gradient_sums',
  LENGTHS.flatMap((count) =>
    ways(count).map((way) => ({
      ...way,
      operands: { scalars: scalarsOf(way.title), out: { data: zeros(count), misalign: 4 } },
      floats: {},
      writes: ['out'],
      tolerance: 0,
    })),
  ),
);
kernelSuite(
  'gradient_squares',
  LENGTHS.flatMap((count) =>
    ways(count).map((way) => ({
      ...way,
      operands: { scalars: scalarsOf(way.title), out: { data: tiles(count) } },
      floats: {},
      writes: ['out'],
      tolerance: 1e-7,
    })),
  ),
);
// the same way into every kind of update
kernelSuite(
  'sgd',
  ways(1025).map((way) => ({
    ...way,
    operands: { p: { data: noise(1025, 9) }, nextP: { data: zeros(1025) }, scalars: scalarsOf(way.title) },
    floats: { weightDecay: 0 },
    writes: ['nextP'],
    tolerance: 1e-7,
  })),
);
kernelSuite(
  'lion',
  ways(1025).map((way) => ({
    ...way,
    operands: {
      p: { data: noise(1025, 9) },
      nextP: { data: zeros(1025) },
      m: { data: noise(1025, 7) },
      nextM: { data: zeros(1025) },
      scalars: scalarsOf(way.title),
    },
    floats: { weightDecay: 0, beta1: 0.9, oneMinusBeta1: 0.1, beta2: 0.99, oneMinusBeta2: 0.01 },
    writes: ['nextP', 'nextM'],
    tolerance: 2e-7,
  })),
);

kernelSuite(
  'squares',
  LENGTHS.map((count) => ({
    title: `${count} elements`,
    rows: 1,
    operands: { x: { data: noise(count, 4), misalign: 4 }, out: { data: tiles(count) } },
    ints: { count },
    floats: {},
    writes: ['out'],
    tolerance: 1e-14,
  })),
);

kernelSuite(
  'tree_f64',
  [1, 2, 3, 5, 8, 13].map((count) => ({
    title: `${count} values`,
    rows: 1,
    operands: { values: { data: Float64Array.from(noise(count, 6)) }, sum: { data: new Float64Array(1) } },
    ints: { count },
    floats: {},
    writes: ['values', 'sum'],
    tolerance: 0,
  })),
);

const clip = (title: string, squares: number): KernelCase<'clip_scale'> => ({
  title,
  rows: 1,
  operands: { sum: { data: Float64Array.of(squares) }, now: scalars(), next: { data: zeros(16) } },
  ints: {},
  floats: { most: 1.5 },
  writes: ['next'],
  tolerance: 0,
});
kernelSuite('clip_scale', [
  clip('a norm below', 2),
  clip('a norm at the limit', 2.25),
  clip('a norm beyond', 9),
  clip('a norm that is NaN', Number.NaN),
  clip('a norm that is infinite', Number.POSITIVE_INFINITY),
]);

const trust = (title: string, w: number, g: number): KernelCase<'trust_ratio'> => ({
  title,
  rows: 1,
  operands: {
    w: { data: Float64Array.of(w) },
    g: { data: Float64Array.of(g) },
    now: scalars(),
    next: { data: zeros(16) },
  },
  ints: {},
  floats: { coefficient: 0.02, decay: 0.05, epsilon: 1e-8 },
  writes: ['next'],
  tolerance: 0,
});
kernelSuite('trust_ratio', [
  trust('two norms', 4, 9),
  trust('weights of 0', 0, 9),
  trust('a gradient of 0', 4, 0),
  trust('a norm that is NaN', 4, Number.NaN),
]);

const slot = (count: number, seed: number) => ({ data: noise(count, seed), misalign: 4 });
const next = (count: number) => ({ data: zeros(count), misalign: 12 });
kernelSuite(
  'lamb_moments',
  LENGTHS.map((count) => ({
    ...summed(count, {}, false),
    operands: {
      p: slot(count, 9),
      m: slot(count, 7),
      nextM: next(count),
      v: { data: noise(count, 8).map(Math.abs), misalign: 4 },
      nextV: next(count),
      scalars: scalars(),
      wSquares: { data: tiles(count) },
      uSquares: { data: tiles(count) },
    },
    floats: { weightDecay: 0.1, oneMinusBeta1: 0.1, oneMinusBeta2: 0.01, epsilon: 1e-7 },
    writes: ['nextM', 'nextV', 'wSquares', 'uSquares'],
    tolerance: 2e-6,
  })),
);
kernelSuite(
  'lamb',
  LENGTHS.map((count) => ({
    title: `${count} elements`,
    rows: 1,
    operands: {
      p: slot(count, 9),
      nextP: next(count),
      m: slot(count, 7),
      v: { data: noise(count, 8).map(Math.abs), misalign: 4 },
      scalars: scalars(),
    },
    ints: { count },
    floats: { weightDecay: 0.1, epsilon: 1e-7 },
    writes: ['nextP'],
    tolerance: 2e-7,
  })),
);
kernelSuite(
  'lars',
  LENGTHS.flatMap((count, i) =>
    [0, ...(i === 2 ? [1] : [])].map((nesterov) => ({
      ...summed(count, {}, false),
      title: `${count} elements${nesterov ? ', Nesterov' : ''}`,
      ints: { count, partAt: 8, nesterov },
      operands: {
        p: slot(count, 9),
        nextP: next(count),
        velocity: slot(count, 7),
        nextVelocity: next(count),
        scalars: scalars(),
      },
      floats: { weightDecay: 0.1, momentum: 0.9 },
      writes: ['nextP', 'nextVelocity'],
      tolerance: 2e-7,
    })),
  ),
);

kernelSuite(
  'average',
  LENGTHS.flatMap((count, i) =>
    [0, ...(i === 2 ? [1] : [])].map((replaces) => ({
      title: `${count} elements${replaces ? ', in place of the weights' : ''}`,
      rows: 1,
      operands: { p: slot(count, 9), a: slot(count, 7), nextA: next(count), scalars: scalars({ 11: replaces }) },
      ints: { count },
      floats: {},
      writes: replaces ? (['p', 'nextA'] as const) : (['nextA'] as const),
      tolerance: 1e-7,
    })),
  ),
);
kernelSuite(
  'carry',
  LENGTHS.flatMap((count) =>
    [0, 1].map((clears) => ({
      title: `${count} elements${clears ? ', cleared' : ''}`,
      rows: 1,
      operands: { x: slot(count, 9), y: slot(count, 7) },
      ints: { count, clears },
      floats: {},
      writes: ['y'],
      tolerance: 0,
    })),
  ),
);

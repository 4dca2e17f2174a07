// optimizers.test.ts: updates of parameters from gradients that lie in parts.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 33, 1025, 4096, 4097, 9000];

/** Parts of a gradient of `count` floats, two floats into each contribution. */
const gradient = (count: number, parts: 1 | 2 | 3 | 5) => {
  const [a, b, c, d, e] = [1, 2, 3, 4, 5].map((seed) => noise(count + 2, seed)) as [...Float32Array[]];
  const programs = {
    1: [a!],
    2: [a!, b!, '+'],
    3: [a!, b!, c!, '+', '+'],
    5: [a!, b!, '+', c!, d!, '+', '+', e!, '+'],
  };
  return programs[parts] as (Float32Array | '+')[];
};
/** Lengths with one part, and a middle one with each other number of parts. */
const shapes = [...LENGTHS.map((count) => [count, 1] as const), [33, 2], [4097, 2], [33, 3], [5000, 5]] as const;
const scalars = () => ({ data: Float32Array.of(24, 0.03, 0.04, 0.02, 1.3) });
const parameters = (count: number, misalign: number) => ({ data: noise(count, 9), misalign });

const sgd = (count: number, parts: 1 | 2 | 3 | 5, weightDecay = 0): KernelCase<'sgd'> => ({
  title: `${count} elements, ${parts} parts${weightDecay ? ', decayed' : ''}`,
  rows: 1,
  operands: { p: parameters(count, 4), nextP: { data: zeros(count), misalign: 8 }, scalars: scalars() },
  ints: { count, partAt: 8 },
  floats: { weightDecay },
  writes: ['nextP'],
  tolerance: 1e-7,
  reduce: gradient(count, parts),
});
kernelSuite('sgd', [...shapes.map(([count, parts]) => sgd(count, parts)), sgd(33, 1, 0.1)]);

const momentum = (count: number, parts: 1 | 2 | 3 | 5, nesterov = 0, weightDecay = 0): KernelCase<'sgd_momentum'> => ({
  title: `${count} elements, ${parts} parts${nesterov ? ', Nesterov' : ''}${weightDecay ? ', decayed' : ''}`,
  rows: 1,
  operands: {
    p: parameters(count, 4),
    nextP: { data: zeros(count), misalign: 8 },
    velocity: { data: noise(count, 7), misalign: 4 },
    nextVelocity: { data: zeros(count), misalign: 12 },
    scalars: scalars(),
  },
  ints: { count, partAt: 8, nesterov },
  floats: { weightDecay, momentum: 0.9 },
  writes: ['nextP', 'nextVelocity'],
  tolerance: 1e-7,
  reduce: gradient(count, parts),
});
kernelSuite('sgd_momentum', [
  ...shapes.map(([count, parts]) => momentum(count, parts)),
  momentum(33, 2, 1),
  momentum(33, 2, 0, 0.1),
  momentum(17, 1, 1, 0.1),
]);

const adam = (count: number, parts: 1 | 2 | 3 | 5, decay = 0): KernelCase<'adam'> => ({
  title: `${count} elements, ${parts} parts${decay ? ', decayed' : ''}`,
  rows: 1,
  operands: {
    p: parameters(count, 4),
    nextP: { data: zeros(count), misalign: 8 },
    m: { data: noise(count, 7), misalign: 4 },
    nextM: { data: zeros(count), misalign: 12 },
    v: { data: noise(count, 8).map(Math.abs), misalign: 4 },
    nextV: { data: zeros(count), misalign: 12 },
    scalars: scalars(),
  },
  ints: { count, partAt: 8 },
  floats: { weightDecay: decay, oneMinusBeta1: 0.1, oneMinusBeta2: 0.001, epsilon: 1e-7 },
  writes: ['nextP', 'nextM', 'nextV'],
  tolerance: 1e-7,
  reduce: gradient(count, parts),
});
const broken = (c: KernelCase<'adam'>): KernelCase<'adam'> => {
  const [part] = c.reduce as [Float32Array];
  part.set([Number.NaN, Infinity, -Infinity, 0], 4);
  return { ...c, title: 'NaN and infinite gradients' };
};
kernelSuite('adam', [...shapes.map(([count, parts]) => adam(count, parts)), adam(33, 2, 0.01), broken(adam(21, 1))]);

describe('adam', () => {
  it("takes Keras' first step: p - rate within 1e-6 for a gradient of 1 and bias-corrected alpha", () => {
    const rate = 1e-3;
    const alpha = (rate * Math.sqrt(1 - 0.999)) / (1 - 0.9);
    const c = adam(4, 1);
    const next = outputsOf('adam', {
      ...c,
      operands: {
        ...c.operands,
        p: { data: new Float32Array(4).fill(0.5) },
        m: { data: zeros(4) },
        v: { data: zeros(4) },
        scalars: { data: Float32Array.of(2, rate, alpha) },
      },
      reduce: [new Float32Array(6).fill(2)],
    }).get('nextP')!;
    for (const p of next) assert.ok(Math.abs(p - (0.5 - rate)) <= 1e-6);
  });
});

const moving = (count: number, parts: 1 | 2 | 3 | 5): KernelCase<'moving_average'> => ({
  title: `${count} elements, ${parts} parts`,
  rows: 1,
  operands: { p: parameters(count, 4), nextP: { data: zeros(count), misalign: 8 }, scalars: scalars() },
  ints: { count, partAt: 8 },
  floats: { momentum: 0.9, oneMinusMomentum: 0.1 },
  writes: ['nextP'],
  tolerance: 1e-7,
  reduce: gradient(count, parts),
});
kernelSuite(
  'moving_average',
  shapes.map(([count, parts]) => moving(count, parts)),
);

type Name = 'amsgrad' | 'nadam' | 'adamax' | 'lion' | 'adagrad' | 'adadelta' | 'rmsprop';
/** Slots of each, and its numbers; slots that hold squares are positive, and greater than what is subtracted from them. */
const others: Readonly<Record<Name, readonly [slots: readonly string[], floats: Record<string, number>]>> = {
  amsgrad: [['m', 'v', 'top'], { oneMinusBeta1: 0.1, oneMinusBeta2: 0.01, epsilon: 1e-7 }],
  nadam: [['m', 'v'], { oneMinusBeta1: 0.1, oneMinusBeta2: 0.01, epsilon: 1e-7 }],
  adamax: [['m', 'u'], { oneMinusBeta1: 0.1, beta2: 0.99, epsilon: 1e-7 }],
  lion: [['m'], { beta1: 0.9, oneMinusBeta1: 0.1, beta2: 0.99, oneMinusBeta2: 0.01 }],
  adagrad: [['a'], { epsilon: 1e-7 }],
  adadelta: [['a', 'd'], { rho: 0.9, oneMinusRho: 0.1, epsilon: 1e-3 }],
  rmsprop: [['v', 'a', 'm'], { rho: 0.9, oneMinusRho: 0.1, momentum: 0.8, epsilon: 1e-3 }],
};
const SQUARES = ['v', 'top', 'u', 'd'];

function caseOf(name: Name, count: number, parts: 1 | 2 | 3 | 5, weightDecay: number, ints: Record<string, number>) {
  const [slots, floats] = others[name];
  const used = slots.filter(
    (slot) => name !== 'rmsprop' || slot === 'v' || ints[slot === 'a' ? 'centered' : 'hasMomentum'] === 1,
  );
  const next = (slot: string) => `next${slot[0]!.toUpperCase()}${slot.slice(1)}`;
  const data = (slot: string, i: number) =>
    noise(count, 20 + i).map((x) => (SQUARES.includes(slot) || name === 'adagrad' ? 1 + x * x : x / 2));
  const places = slots.flatMap((slot, i) => [
    [slot, { data: data(slot, i), misalign: 4 }],
    [next(slot), { data: zeros(count), misalign: 12 }],
  ]);
  return {
    title: `${count} elements, ${parts} parts${weightDecay ? ', decayed' : ''} ${JSON.stringify(ints)}`,
    rows: 1,
    operands: {
      p: parameters(count, 4),
      nextP: { data: zeros(count), misalign: 8 },
      ...Object.fromEntries(places),
      scalars: scalars(),
    },
    ints: { count, partAt: 8, ...ints },
    floats: { weightDecay, ...floats },
    writes: ['nextP', ...used.map(next)],
    tolerance: 2e-7,
    reduce: gradient(count, parts),
  } as unknown as KernelCase<Name>;
}

for (const name of Object.keys(others) as Name[]) {
  const variants: readonly Record<string, number>[] =
    name === 'rmsprop' ? [0, 1].flatMap((centered) => [0, 1].map((hasMomentum) => ({ centered, hasMomentum }))) : [{}];
  kernelSuite(
    name,
    variants.flatMap((ints) => [
      ...[1, 5, 17, 1025, 4097].map((count) => caseOf(name, count, 1, 0, ints)),
      caseOf(name, 33, 3, 0.1, ints),
    ]),
  );
}

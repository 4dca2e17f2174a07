// activations.ts: reference twins of activations and their gradients. Not softmax over rows (softmax.ts).
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';
import type { KernelName } from '../signatures.ts';
import { bell, normalBelow } from './normal.ts';
import { rowsOf } from './shared.ts';
import { mapViews } from './views.ts';

type Numbers = Readonly<Record<string, number>>;
/** A function of x. */
type Value = (x: number, a: Numbers) => number;
/** dx from dy and what stands in x or y. */
type Slope = (dy: number, v: number, a: Numbers) => number;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clamp = (x: number): number => Math.min(Math.max(x, 0), 1);
/** tanh(softplus(x)), rounded as the kernel's: exactly 1 where that is. */
const mishFactor = (x: number): number => Math.fround(Math.tanh(Math.log1p(Math.exp(Math.min(x, 20)))));
/** sqrt(2 / pi) (x + 0.044715 x^3) and its derivative. */
const cubic = (x: number): number => Math.sqrt(2 / Math.PI) * x * (1 + 0.044715 * x * x);
const cubicSlope = (x: number): number => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);

/** The function, which value its gradient reads, and the gradient. */
const activations = {
  elu: [
    (x, a) => a['scale']! * (x > 0 ? x : a['alpha']! * Math.expm1(x)),
    'y',
    (dy, y, a) => dy * (y > 0 ? a['scale']! : y + a['scale']! * a['alpha']!),
  ],
  exponential: [Math.exp, 'y', (dy, y) => dy * y],
  gelu: [(x) => x * normalBelow(x), 'x', (dy, x) => dy * (normalBelow(x) + (x / Math.sqrt(2 * Math.PI)) * bell(x))],
  gelu_approximate: [
    (x) => x * sigmoid(2 * cubic(x)),
    'x',
    (dy, x) => {
      const v = Math.max(Math.min(x, 20), -20);
      const s = sigmoid(2 * cubic(v));
      return dy * (s + v * s * (1 - s) * 2 * cubicSlope(v));
    },
  ],
  hard_sigmoid: [(x) => clamp(x / 6 + 0.5), 'y', (dy, y) => (y <= 0 || y >= 1 ? 0 : dy / 6)],
  hard_silu: [(x) => x * clamp(x / 6 + 0.5), 'x', (dy, x) => dy * (x >= 3 ? 1 : x <= -3 ? 0 : x / 3 + 0.5)],
  mish: [
    (x) => x * mishFactor(x),
    'x',
    (dy, x) => {
      const t = mishFactor(x);
      return dy * (t + x * (1 - t) * (1 + t) * sigmoid(Math.min(x, 20)));
    },
  ],
  rectify: [
    (x, a) => (x <= a['threshold']! ? a['slope']! * (x - a['threshold']!) : Math.min(x, a['max']!)),
    'x',
    (dy, x, a) => (x <= a['threshold']! ? dy * a['slope']! : x >= a['max']! ? 0 : dy),
  ],
  relu: [(x) => Math.max(x, 0), 'y', (dy, y) => (y <= 0 ? 0 : dy)],
  sigmoid: [sigmoid, 'y', (dy, y) => dy * y * (1 - y)],
  silu: [(x) => x * sigmoid(x), 'x', (dy, x) => dy * (sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x)))],
  softplus: [(x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), 'x', (dy, x) => dy * sigmoid(x)],
  softsign: [(x) => x / (1 + Math.abs(x)), 'y', (dy, y) => dy * (1 - Math.abs(y)) ** 2],
  tanh: [Math.tanh, 'y', (dy, y) => dy * (1 - y) * (1 + y)],
} as const satisfies Partial<Record<KernelName, readonly [Value, 'x' | 'y', Slope]>>;

export const activationTwins: Family = (memory) => {
  const twins: ReturnType<Family> = {};
  for (const [name, [value, from, slope]] of Object.entries(activations)) {
    twins[name as 'relu'] = (d, b, first, last) => {
      const a = readArguments(name as 'relu', memory, d, b);
      mapViews(memory, a, ['x'], 'y', (x) => (value as Value)(x, a as never), first, last);
    };
    twins[`${name}_backward` as 'relu_backward'] = (d, b, first, last) => {
      const a = readArguments(`${name}_backward` as 'relu_backward', memory, d, b);
      mapViews(memory, a, ['dy', from], 'dx', (dy, v) => (slope as Slope)(dy!, v!, a as never), first, last);
    };
  }
  return {
    ...twins,
    prelu(d, b, from, to) {
      const a = readArguments('prelu', memory, d, b);
      for (let row = 16 * from; row < Math.min(16 * to, rowsOf(memory, b) * a.m); row++)
        for (let c = 0; c < a.C; c++) {
          const x = memory.f32[(a.at.x >> 2) + row * a.C + c]!;
          memory.f32[(a.at.y >> 2) + row * a.C + c] = x > 0 ? x : memory.f32[(a.at.alpha >> 2) + c]! * x;
        }
    },
    prelu_backward(d, b, from, to) {
      const a = readArguments('prelu_backward', memory, d, b);
      for (let row = 16 * from; row < Math.min(16 * to, rowsOf(memory, b) * a.m); row++)
        for (let c = 0; c < a.C; c++) {
          const at = row * a.C + c;
          const x = memory.f32[(a.at.x >> 2) + at]!;
          const dy = memory.f32[(a.at.dy >> 2) + at]!;
          memory.f32[(a.at.t >> 2) + at] = x > 0 ? 0 : dy * x;
          memory.f32[(a.at.dx >> 2) + at] = x > 0 ? dy : memory.f32[(a.at.alpha >> 2) + c]! * dy;
        }
    },
  };
};

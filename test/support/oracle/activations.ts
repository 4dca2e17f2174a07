// activations.ts: Keras' activations by name, and the layers that are one, in float64. Their slopes are differences where no formula is short.
import { type Tape, type Tensor, tensor } from './tape.ts';

type Value = (x: number) => number;

/** y[i] = value(x[i]), dy/dx = slope(x[i]). */
function map(tape: Tape, x: Tensor, value: Value, slope: Value): Tensor {
  const y = tensor(x.shape, x.data.map(value));
  tape.record(() => {
    for (let i = 0; i < y.data.length; i++) x.gradient[i]! += y.gradient[i]! * slope(x.data[i]!);
  });
  return y;
}

/** The slope of a smooth function by a difference of order 4: good to about 1e-11. */
const steep =
  (f: Value): Value =>
  (x) => {
    const h = 1e-3;
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
  };

/** erf by Simpson's rule over 0 to x. */
export function erf(x: number): number {
  const n = 400;
  const h = x / n;
  let sum = 1 + Math.exp(-x * x);
  for (let i = 1; i < n; i++) sum += (i % 2 ? 4 : 2) * Math.exp(-((i * h) ** 2));
  return ((2 / Math.sqrt(Math.PI)) * h * sum) / 3;
}

const sigmoid: Value = (v) => 1 / (1 + Math.exp(-v));
const softplus: Value = (v) => Math.log(1 + Math.exp(v));
const ramp: Value = (v) => Math.min(Math.max(v + 3, 0), 6) / 6;
const smooth = {
  exponential: Math.exp,
  gelu: (v) => (v * (1 + erf(v / Math.SQRT2))) / 2,
  gelu_approximate: (v) => (v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))) / 2,
  mish: (v) => v * Math.tanh(softplus(v)),
  sigmoid,
  silu: (v) => v * sigmoid(v),
  softplus,
  tanh: Math.tanh,
} satisfies Record<string, Value>;
/** [value, slope]. The slope at a kink is that from below. */
const bent = {
  elu: [(v) => (v > 0 ? v : Math.exp(v) - 1), (v) => (v > 0 ? 1 : Math.exp(v))],
  hard_sigmoid: [ramp, (v) => (Math.abs(v) < 3 ? 1 / 6 : 0)],
  hard_silu: [(v) => v * ramp(v), (v) => (v > 3 ? 1 : v < -3 ? 0 : (2 * v + 3) / 6)],
  leaky_relu: [(v) => (v > 0 ? v : 0.2 * v), (v) => (v > 0 ? 1 : 0.2)],
  relu: [(v) => Math.max(v, 0), (v) => (v > 0 ? 1 : 0)],
  relu6: [(v) => Math.min(Math.max(v, 0), 6), (v) => (v > 0 && v < 6 ? 1 : 0)],
  selu: [
    (v) => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * (Math.exp(v) - 1)),
    (v) => 1.0507009873554805 * (v > 0 ? 1 : 1.6732632423543772 * Math.exp(v)),
  ],
  softsign: [(v) => v / (1 + Math.abs(v)), (v) => 1 / (1 + Math.abs(v)) ** 2],
} satisfies Record<string, readonly [Value, Value]>;

/** Softmax over any axis behind the batch: its line is gathered, and put back. */
export function softmaxOver(tape: Tape, x: Tensor, axis: number): Tensor {
  const size = x.shape[axis]!;
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  /** Where element i of the gathered lines comes from. */
  const source = (i: number): number => {
    const [line, k] = [Math.floor(i / size), i % size];
    return Math.floor(line / inner) * inner * size + k * inner + (line % inner);
  };
  const moved = (from: Tensor, to: (i: number) => number, at: (i: number) => number): Tensor => {
    const y = tensor(from.shape);
    from.data.forEach((_, i) => {
      y.data[to(i)] = from.data[at(i)]!;
    });
    tape.record(() =>
      y.gradient.forEach((_, i) => {
        from.gradient[at(i)]! += y.gradient[to(i)]!;
      }),
    );
    return y;
  };
  const itself = (i: number): number => i;
  const lines = { ...moved(x, itself, source), shape: [x.data.length / size, size] };
  return { ...moved(softmax(tape, lines, false), source, itself), shape: x.shape };
}

/** Over the last axis: y_i = e^x_i / sum of e^x, or its logarithm. */
function softmax(tape: Tape, x: Tensor, log: boolean): Tensor {
  const classes = x.shape.at(-1)!;
  const p = new Float64Array(x.data.length);
  for (let row = 0; row < x.data.length; row += classes) {
    const scores = x.data.subarray(row, row + classes);
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const sum = powers.reduce((a, b) => a + b);
    p.set(
      powers.map((power) => power / sum),
      row,
    );
  }
  const y = tensor(x.shape, log ? p.map(Math.log) : p);
  tape.record(() => {
    // d p_j / dx_i = p_j ((i == j) - p_i); of the logarithm: (i == j) - p_i
    for (let row = 0; row < x.data.length; row += classes)
      for (let i = row; i < row + classes; i++)
        for (let j = row; j < row + classes; j++)
          x.gradient[i]! += y.gradient[j]! * (log ? 1 : p[j]!) * ((i === j ? 1 : 0) - p[i]!);
  });
  return y;
}

/** Keras' activations by name. */
export function activate(tape: Tape, x: Tensor, name: string): Tensor {
  if (name === 'linear') return x;
  if (name === 'softmax' || name === 'log_softmax') return softmax(tape, x, name === 'log_softmax');
  if (Object.hasOwn(smooth, name)) {
    const value = smooth[name as keyof typeof smooth];
    return map(tape, x, value, steep(value));
  }
  if (!Object.hasOwn(bent, name)) throw new Error(`the oracle knows no activation ${name}`);
  return map(tape, x, ...(bent[name as keyof typeof bent] as readonly [Value, Value]));
}

/** The layers ReLU, LeakyReLU and ELU. */
export function activationLayer(tape: Tape, x: Tensor, className: string, config: Readonly<Record<string, unknown>>) {
  const number = (key: string) => config[key] as number;
  if (className === 'ELU') {
    const alpha = number('alpha');
    return map(
      tape,
      x,
      (v) => (v > 0 ? v : alpha * (Math.exp(v) - 1)),
      (v) => (v > 0 ? 1 : alpha * Math.exp(v)),
    );
  }
  const slope = number('negative_slope');
  const threshold = number('threshold') || 0;
  const max = number('max_value') || Number.POSITIVE_INFINITY;
  return map(
    tape,
    x,
    (v) => (v > threshold ? Math.min(v, max) : slope * (v - threshold)),
    (v) => (v > threshold ? (v < max ? 1 : 0) : slope),
  );
}

/** x where x > 0, else alpha x; alpha repeats along a sample. */
export function prelu(tape: Tape, x: Tensor, alpha: Tensor): Tensor {
  const n = alpha.data.length;
  const y = tensor(
    x.shape,
    x.data.map((v, i) => (v > 0 ? v : alpha.data[i % n]! * v)),
  );
  tape.record(() => {
    y.gradient.forEach((dy, i) => {
      const v = x.data[i]!;
      x.gradient[i]! += dy * (v > 0 ? 1 : alpha.data[i % n]!);
      if (v <= 0) alpha.gradient[i % n]! += dy * v;
    });
  });
  return y;
}

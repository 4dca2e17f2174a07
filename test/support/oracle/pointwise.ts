// pointwise.ts: what changes each value, or each row, on its own: bias, activations, dropout, add, flatten.
import { draws, type Seed, unit } from '../../../base/random.ts';
import { elements } from '../../../trainer/model.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

/** What the masks of a training step depend on. Sample i of the batch has place firstSlot + i in the global batch. */
export interface DropoutDraw {
  readonly seed: Seed;
  readonly step: number;
  readonly firstSlot: number;
}

function accumulate(into: Float64Array, from: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += from[i]!;
}

/** y[i] = value(x[i]), dy/dx = slope(x[i], y[i]). */
function map(tape: Tape, x: Tensor, value: (x: number) => number, slope: (x: number, y: number) => number): Tensor {
  const y = tensor(x.shape, x.data.map(value));
  tape.record(() => {
    for (let i = 0; i < y.data.length; i++) x.gradient[i]! += y.gradient[i]! * slope(x.data[i]!, y.data[i]!);
  });
  return y;
}

/** Over the last axis: y_i = e^x_i / sum of e^x. */
function softmax(tape: Tape, x: Tensor): Tensor {
  const classes = x.shape.at(-1)!;
  const y = tensor(x.shape);
  for (let row = 0; row < x.data.length; row += classes) {
    const scores = x.data.subarray(row, row + classes);
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const sum = powers.reduce((a, b) => a + b);
    y.data.set(
      powers.map((power) => power / sum),
      row,
    );
  }
  tape.record(() => {
    // dy_j / dx_i = y_i ((i == j) - y_j)
    for (let row = 0; row < x.data.length; row += classes)
      for (let i = row; i < row + classes; i++)
        for (let j = row; j < row + classes; j++)
          x.gradient[i]! += y.gradient[j]! * y.data[i]! * ((i === j ? 1 : 0) - y.data[j]!);
  });
  return y;
}

/** Keras' activations by name. The slope of relu at 0 is 0. */
export function activate(tape: Tape, x: Tensor, name: string): Tensor {
  switch (name) {
    case 'linear':
      return x;
    case 'relu':
      return map(
        tape,
        x,
        (v) => Math.max(v, 0),
        (v) => (v > 0 ? 1 : 0),
      );
    case 'sigmoid':
      return map(
        tape,
        x,
        (v) => 1 / (1 + Math.exp(-v)),
        (_, y) => y * (1 - y),
      );
    case 'tanh':
      return map(tape, x, Math.tanh, (_, y) => 1 - y * y);
    case 'softmax':
      return softmax(tape, x);
    default:
      throw new Error(`the oracle knows no activation ${name}`);
  }
}

/** x (..., N) + bias (N). */
export function addBias(tape: Tape, x: Tensor, bias: Tensor): Tensor {
  const width = bias.data.length;
  const y = tensor(
    x.shape,
    x.data.map((v, i) => v + bias.data[i % width]!),
  );
  tape.record(() => {
    for (let i = 0; i < y.data.length; i++) {
      x.gradient[i]! += y.gradient[i]!;
      bias.gradient[i % width]! += y.gradient[i]!;
    }
  });
  return y;
}

/** The sum of two or more tensors of one shape. */
export function add(tape: Tape, inputs: readonly Tensor[]): Tensor {
  const y = tensor(inputs[0]!.shape);
  for (const x of inputs) accumulate(y.data, x.data);
  tape.record(() => {
    for (const x of inputs) accumulate(x.gradient, y.gradient);
  });
  return y;
}

/** x (B, ...) -> (B, everything else). */
export function flatten(tape: Tape, x: Tensor): Tensor {
  const y = tensor([x.shape[0]!, elements(x.shape.slice(1))], x.data.slice());
  tape.record(() => accumulate(x.gradient, y.gradient));
  return y;
}

/** Inverted dropout: value i of a sample is kept when its draw is at least `rate`, and then scaled by 1 / (1 - rate). */
export function dropout(tape: Tape, x: Tensor, rate: number, site: number, draw: DropoutDraw): Tensor {
  const perSample = elements(x.shape.slice(1));
  const factors = new Float64Array(x.data.length);
  for (let sample = 0; sample < x.shape[0]!; sample++) {
    const word = draws(draw.seed, draw.firstSlot + sample, site, draw.step);
    for (let i = 0; i < perSample; i++) factors[sample * perSample + i] = unit(word(i)) >= rate ? 1 / (1 - rate) : 0;
  }
  const y = tensor(
    x.shape,
    x.data.map((v, i) => v * factors[i]!),
  );
  tape.record(() => {
    for (let i = 0; i < y.data.length; i++) x.gradient[i]! += y.gradient[i]! * factors[i]!;
  });
  return y;
}

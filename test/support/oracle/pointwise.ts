// pointwise.ts: what changes each value on its own: bias, dropout, flatten. Not activations.
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

/** x times a constant. */
export function times(tape: Tape, x: Tensor, factor: number): Tensor {
  const y = tensor(
    x.shape,
    x.data.map((v) => v * factor),
  );
  tape.record(() => {
    for (let i = 0; i < x.gradient.length; i++) x.gradient[i]! += factor * y.gradient[i]!;
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

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

/** The number that a sample's element i is drawn as, from 0 to 1. */
export function unitsOf(draw: DropoutDraw, sample: number, site: number): (i: number) => number {
  const word = draws(draw.seed, draw.firstSlot + sample, site, draw.step);
  return (i) => unit(word(i));
}

/**
 * Inverted dropout: value i of a sample is kept when its draw is at least `rate`, and then scaled by 1 / (1 - rate).
 * @param mask what is drawn for a sample: 1 along the axes that share a draw
 */
export function dropout(
  tape: Tape,
  x: Tensor,
  rate: number,
  site: number,
  draw: DropoutDraw,
  mask: readonly number[] = x.shape.slice(1),
): Tensor {
  const shape = x.shape.slice(1);
  const drawnAt = (i: number): number =>
    shape.reduce((at, size, axis) => {
      const place = Math.floor(i / elements(shape.slice(axis + 1))) % size;
      return at * mask[axis]! + (mask[axis] === 1 ? 0 : place);
    }, 0);
  const factors = new Float64Array(x.data.length);
  const perSample = elements(shape);
  for (let sample = 0; sample < x.shape[0]!; sample++) {
    const of = unitsOf(draw, sample, site);
    for (let i = 0; i < perSample; i++) factors[sample * perSample + i] = of(drawnAt(i)) >= rate ? 1 / (1 - rate) : 0;
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

// affine.ts: layers that multiply and add numbers that are given or drawn, value by value, in float64.
import { elements } from '../../../trainer/model.ts';
import { erf } from './activations.ts';
import { type DropoutDraw, unitsOf } from './pointwise.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

interface Ask {
  readonly tape: Tape;
  readonly inputs: readonly Tensor[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly site: number;
  readonly draw: DropoutDraw | undefined;
}

/** y[i] = x[i] * factor(i) + shift(i). */
function affineOf(tape: Tape, x: Tensor, factor: (i: number) => number, shift: (i: number) => number): Tensor {
  const y = tensor(
    x.shape,
    x.data.map((v, i) => v * factor(i) + shift(i)),
  );
  tape.record(() =>
    y.gradient.forEach((dy, i) => {
      x.gradient[i]! += dy * factor(i);
    }),
  );
  return y;
}

/** The normal quantile by bisection. */
function quantile(u: number): number {
  let [low, high] = [-7, 7];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if ((1 + erf(middle / Math.SQRT2)) / 2 < u) low = middle;
    else high = middle;
  }
  return low;
}

/** Normal numbers for every value: drawn words of 24 bits, in the middle of their share. */
function normals({ inputs, site, draw }: Ask): Float64Array {
  const x = inputs[0]!;
  const each = elements(x.shape.slice(1));
  return x.data.map((_, i) => quantile(unitsOf(draw!, Math.floor(i / each), site)(i % each) + 2 ** -25));
}

const channel = (values: unknown, i: number): number => {
  const list = typeof values === 'number' ? [values] : (values as readonly number[]);
  return list[i % list.length]!;
};

export const affine: Readonly<Record<string, (ask: Ask) => Tensor>> = {
  GaussianNoise(ask) {
    if (!ask.draw) return ask.inputs[0]!;
    const z = normals(ask);
    const deviation = ask.config['stddev'] as number;
    return affineOf(
      ask.tape,
      ask.inputs[0]!,
      () => 1,
      (i) => deviation * z[i]!,
    );
  },
  GaussianDropout(ask) {
    if (!ask.draw) return ask.inputs[0]!;
    const z = normals(ask);
    const rate = ask.config['rate'] as number;
    return affineOf(
      ask.tape,
      ask.inputs[0]!,
      (i) => 1 + Math.sqrt(rate / (1 - rate)) * z[i]!,
      () => 0,
    );
  },
  Rescaling: ({ tape, inputs, config }) =>
    affineOf(
      tape,
      inputs[0]!,
      (i) => channel(config['scale'], i),
      (i) => channel(config['offset'], i),
    ),
  Normalization({ tape, inputs, config }) {
    const mean = (i: number) => channel(config['mean'], i);
    const deviation = (i: number) => Math.sqrt(channel(config['variance'], i));
    if (config['invert']) return affineOf(tape, inputs[0]!, deviation, mean);
    return affineOf(
      tape,
      inputs[0]!,
      (i) => 1 / deviation(i),
      (i) => -mean(i) / deviation(i),
    );
  },
};

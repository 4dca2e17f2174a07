// merging.ts: layers of several inputs, and normalization of rows and groups, in float64, element by element.
import { elements } from '../../../trainer/model.ts';
import { linear, offsetOf, places } from './linear.ts';
import { groupNorm, layerNorm, scaleAndShift } from './normalization.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

/** Offset in `shape`, behind the batch, that a place of a wider shape is read from. */
const readFrom = (shape: readonly number[], place: readonly number[]): number =>
  offsetOf(
    shape,
    shape.map((n, i) => (n === 1 ? 0 : place[place.length - shape.length + i]!)),
  );

/** y = value(x0, x1, ...) with all broadcast; slopes(values, y) are dy/dx of each. */
function merge(
  tape: Tape,
  inputs: readonly Tensor[],
  value: (x: readonly number[]) => number,
  slopes: (x: readonly number[], y: number) => readonly number[],
): Tensor {
  const shapes = inputs.map(({ shape }) => shape.slice(1));
  const rank = Math.max(...shapes.map((s) => s.length));
  const shape = Array.from({ length: rank }, (_, i) => Math.max(...shapes.map((s) => s[s.length - rank + i] ?? 1)));
  const batch = inputs[0]!.shape[0]!;
  const y = tensor([batch, ...shape]);
  const each = (visit: (at: readonly number[], to: number) => void) => {
    for (let b = 0; b < batch; b++)
      for (const [place, to] of places(shape)) {
        const at = shapes.map((s) => b * elements(s) + readFrom(s, place));
        visit(at, b * elements(shape) + to);
      }
  };
  const valuesAt = (at: readonly number[]) => at.map((from, i) => inputs[i]!.data[from]!);
  each((at, to) => {
    y.data[to] = value(valuesAt(at));
  });
  tape.record(() =>
    each((at, to) => {
      slopes(valuesAt(at), y.data[to]!).forEach((slope, i) => {
        inputs[i]!.gradient[at[i]!]! += slope * y.gradient[to]!;
      });
    }),
  );
  return y;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
/** 1 for the first that is y. */
const firstOf = (x: readonly number[], y: number): readonly number[] => x.map((_, i) => (x.indexOf(y) === i ? 1 : 0));
type Merging = readonly [Parameters<typeof merge>[2], Parameters<typeof merge>[3]];

const mergings: Readonly<Record<string, Merging>> = {
  Add: [sum, (x) => x.map(() => 1)],
  Average: [(x) => sum(x) / x.length, (x) => x.map(() => 1 / x.length)],
  Maximum: [(x) => Math.max(...x), firstOf],
  Minimum: [(x) => Math.min(...x), firstOf],
  Multiply: [product, (x) => x.map((_, i) => product(x.filter((_, k) => k !== i)))],
  Subtract: [([a, b]) => a! - b!, () => [1, -1]],
};

interface Ask {
  readonly tape: Tape;
  readonly inputs: readonly Tensor[];
  readonly config: Readonly<Record<string, unknown>>;
  weight(name: string): Tensor;
}

/** Behind the batch. */
const behind = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis - 1);

function concatenate({ tape, inputs, config }: Ask): Tensor {
  const shapes = inputs.map(({ shape }) => shape.slice(1));
  const axis = behind(config['axis'] as number, shapes[0]!.length);
  const length = sum(shapes.map((s) => s[axis]!));
  const shape = shapes[0]!.map((n, i) => (i === axis ? length : n));
  return linear(tape, inputs, shape, (term) => {
    for (const [place, to] of places(shape)) {
      let at = place[axis]!;
      let which = 0;
      while (at >= shapes[which]![axis]!) at -= shapes[which++]![axis]!;
      term(
        to,
        offsetOf(
          shapes[which]!,
          place.map((p, i) => (i === axis ? at : p)),
        ),
        1,
        which,
      );
    }
  });
}

function permute({ tape, inputs, config }: Ask): Tensor {
  const from = inputs[0]!.shape.slice(1);
  const dims = config['dims'] as readonly number[];
  const shape = dims.map((dim) => from[dim - 1]!);
  return linear(tape, inputs, shape, (term) => {
    for (const [place, to] of places(shape))
      term(
        to,
        offsetOf(
          from,
          from.map((_, axis) => place[dims.indexOf(axis + 1)]!),
        ),
      );
  });
}

/** Each rest of the left with each rest of the right, over one axis of both. */
function dot({ tape, inputs, config }: Ask): Tensor {
  const given = config['axes'] as readonly [number, number];
  const sides = inputs.map((x, i) => {
    const shape = x.shape.slice(1);
    const axis = behind(given[i]!, shape.length);
    return { shape, axis, rest: shape.filter((_, k) => k !== axis) };
  });
  const [left, right] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const seen = inputs.map((x, i) => (config['normalize'] ? unit(tape, x, sides[i]!.axis) : x));
  const rest = [...left.rest, ...right.rest];
  const batch = inputs[0]!.shape[0]!;
  const y = tensor([batch, ...(rest.length > 0 ? rest : [1])]);
  const each = (visit: (a: number, b: number, to: number) => void) => {
    for (let b = 0; b < batch; b++)
      for (const [place, to] of places(rest))
        for (let k = 0; k < left.shape[left.axis]!; k++) {
          const at = (side: typeof left, part: readonly number[]) =>
            b * elements(side.shape) + offsetOf(side.shape, [...part.slice(0, side.axis), k, ...part.slice(side.axis)]);
          const split = left.rest.length;
          visit(at(left, place.slice(0, split)), at(right, place.slice(split)), b * elements(rest) + to);
        }
  };
  const [p, q] = seen as [Tensor, Tensor];
  each((a, b, to) => {
    y.data[to]! += p.data[a]! * q.data[b]!;
  });
  tape.record(() =>
    each((a, b, to) => {
      p.gradient[a]! += y.gradient[to]! * q.data[b]!;
      q.gradient[b]! += y.gradient[to]! * p.data[a]!;
    }),
  );
  return y;
}

/** Length 1 along an axis. */
function unit(tape: Tape, x: Tensor, axis: number): Tensor {
  const shape = x.shape.slice(1);
  const inner = elements(shape.slice(axis + 1));
  const line = (i: number) => Math.floor(i / (inner * shape[axis]!)) * inner + (i % inner);
  const squares = new Float64Array(x.data.length);
  x.data.forEach((v, i) => {
    squares[line(i)]! += v * v;
  });
  const y = tensor(
    x.shape,
    x.data.map((v, i) => v / Math.sqrt(squares[line(i)]!)),
  );
  tape.record(() => {
    const products = new Float64Array(x.data.length);
    y.gradient.forEach((dy, i) => {
      products[line(i)]! += dy * y.data[i]!;
    });
    y.gradient.forEach((dy, i) => {
      x.gradient[i]! += (dy - y.data[i]! * products[line(i)]!) / Math.sqrt(squares[line(i)]!);
    });
  });
  return y;
}

/** The last axes as one. */
function rows(x: Tensor, axis: readonly number[]): Tensor {
  const C = elements(x.shape.slice(-axis.length));
  return { ...x, shape: [x.data.length / C, C] };
}

const flat = (t: Tensor): Tensor => ({ ...t, shape: [t.data.length] });

export const merging: Readonly<Record<string, (ask: Ask) => Tensor>> = {
  ...Object.fromEntries(
    Object.entries(mergings).map(([name, of]) => [name, ({ tape, inputs }: Ask) => merge(tape, inputs, ...of)]),
  ),
  Concatenate: concatenate,
  Dot: dot,
  Permute: permute,
  RepeatVector({ tape, inputs, config }) {
    const [, width] = inputs[0]!.shape as [number, number];
    return linear(tape, inputs, [config['n'] as number, width], (term) => {
      for (const [[, i], to] of places([config['n'] as number, width])) term(to, i!);
    });
  },
  Reshape({ tape, inputs, config }) {
    const { shape } = inputs[0]!;
    const all = elements(shape.slice(1));
    const target = config['target_shape'] as readonly number[];
    const known = Math.abs(elements(target));
    return linear(
      tape,
      inputs,
      target.map((n) => (n === -1 ? all / known : n)),
      (term) => {
        for (let i = 0; i < all; i++) term(i, i);
      },
    );
  },
  LayerNormalization({ tape, inputs, config, weight }) {
    const x = inputs[0]!;
    const y = layerNorm(tape, rows(x, config['axis'] as readonly number[]), config['epsilon'] as number);
    const gamma = config['scale'] ? flat(weight('gamma')) : null;
    const beta = config['center'] ? flat(weight('beta')) : null;
    return { ...scaleAndShift(tape, y, gamma, beta), shape: x.shape };
  },
  RMSNormalization({ tape, inputs, config, weight }) {
    const y = layerNorm(
      tape,
      rows(inputs[0]!, config['axis'] as readonly number[]),
      config['epsilon'] as number,
      false,
    );
    return { ...scaleAndShift(tape, y, flat(weight('scale')), null), shape: inputs[0]!.shape };
  },
  UnitNormalization: ({ tape, inputs, config }) => ({
    ...unit(tape, rows(inputs[0]!, config['axis'] as readonly number[]), 0),
    shape: inputs[0]!.shape,
  }),
  GroupNormalization({ tape, inputs, config, weight }) {
    const x = inputs[0]!;
    const groups = config['groups'] as number;
    const y = groupNorm(tape, x, config['epsilon'] as number, groups === -1 ? x.shape.at(-1)! : groups);
    return scaleAndShift(tape, y, config['scale'] ? weight('gamma') : null, config['center'] ? weight('beta') : null);
  },
};

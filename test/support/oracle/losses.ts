// losses.ts: Keras' losses, as the mean over samples. Crossentropies without Keras' clipping of probabilities to [1e-7, 1 - 1e-7].
import { activate } from './activations.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

/** Options of Keras' losses, and Shoal's class_weight. */
export type LossOptions = Readonly<Record<string, unknown>>;
type Row = readonly number[];

/** One number per row of y (rows, C), and its slope with respect to every value of y. */
interface RowLoss {
  value(y: Row, target: Row, options: LossOptions): number;
  slope(y: Row, target: Row, i: number, options: LossOptions): number;
}

const sum = (values: Row): number => values.reduce((a, b) => a + b, 0);
const dot = (a: Row, b: Row): number => sum(a.map((x, i) => x * b[i]!));
const number = (options: LossOptions, key: string, fallback: number): number =>
  (options[key] as number | undefined) ?? fallback;

/** A loss of each value by itself. */
const pointwise = (
  value: (y: number, t: number, options: LossOptions) => number,
  slope: (y: number, t: number, options: LossOptions) => number,
  mean = true,
): RowLoss => ({
  value: (y, t, o) => sum(y.map((p, i) => value(p, t[i]!, o))) / (mean ? y.length : 1),
  slope: (y, t, i, o) => slope(y[i]!, t[i]!, o) / (mean ? y.length : 1),
});

const side = (t: number): number => (t === 0 ? -1 : t);
const within = (p: number, low: number, high: number): number => Math.min(Math.max(p, low), high);
/** d/dp of (1 - p)^gamma, and of the same in p. */
const delta = (o: LossOptions): number => number(o, 'delta', 1);
const gamma = (o: LossOptions): number => number(o, 'gamma', 2);

function binaryFocal(p: number, t: number, o: LossOptions): number {
  const right = t * p + (1 - t) * (1 - p);
  const alpha = number(o, 'alpha', 0.25);
  const balance = o['apply_class_balancing'] === true ? t * alpha + (1 - t) * (1 - alpha) : 1;
  return balance * (1 - right) ** gamma(o) * -(t * Math.log(p) + (1 - t) * Math.log(1 - p));
}

/** Slopes of what has no short formula, by Richardson's central differences: within 1e-9 in float64. */
function slopeOf(f: (x: number) => number, x: number): number {
  const h = 1e-4 * Math.max(x, 1e-3);
  const central = (step: number) => (f(x + step) - f(x - step)) / (2 * step);
  return (4 * central(h / 2) - central(h)) / 3;
}

const rowLosses = {
  // Keras divides probabilities by their sum first, which a softmax has made 1.
  categorical_crossentropy: {
    value: (y, t) => -sum(y.map((p, i) => (t[i] === 0 ? 0 : t[i]! * Math.log(p / sum(y))))),
    slope: (y, t, i) => (t[i] === 0 ? 0 : -t[i]! / y[i]!) + sum(t) / sum(y),
  },
  binary_crossentropy: {
    value: (y, t) =>
      -sum(y.map((p, i) => (t[i] === 0 ? 0 : t[i]! * Math.log(p)) + (t[i] === 1 ? 0 : (1 - t[i]!) * Math.log(1 - p)))) /
      y.length,
    slope: (y, t, i) => ((t[i] === 0 ? 0 : -t[i]! / y[i]!) + (t[i] === 1 ? 0 : (1 - t[i]!) / (1 - y[i]!))) / y.length,
  },
  // what a softmax has made 1 is not divided by
  categorical_focal_crossentropy: pointwise(
    (p, t, o) => -number(o, 'alpha', 0.25) * t * (1 - p) ** gamma(o) * Math.log(p),
    (p, t, o) =>
      number(o, 'alpha', 0.25) * t * (gamma(o) * (1 - p) ** (gamma(o) - 1) * Math.log(p) - (1 - p) ** gamma(o) / p),
    false,
  ),
  binary_focal_crossentropy: pointwise(binaryFocal, (p, t, o) => slopeOf((x) => binaryFocal(x, t, o), p)),
  mean_squared_error: pointwise(
    (y, t) => (y - t) ** 2,
    (y, t) => 2 * (y - t),
  ),
  mean_absolute_error: pointwise(
    (y, t) => Math.abs(y - t),
    (y, t) => Math.sign(y - t),
  ),
  huber: pointwise(
    (y, t, o) => (Math.abs(y - t) <= delta(o) ? (y - t) ** 2 / 2 : delta(o) * (Math.abs(y - t) - delta(o) / 2)),
    (y, t, o) => within(y - t, -delta(o), delta(o)),
  ),
  log_cosh: pointwise(
    (y, t) => Math.log(Math.cosh(y - t)),
    (y, t) => Math.tanh(y - t),
  ),
  hinge: pointwise(
    (y, t) => Math.max(0, 1 - side(t) * y),
    (y, t) => (side(t) * y < 1 ? -side(t) : 0),
  ),
  squared_hinge: pointwise(
    (y, t) => Math.max(0, 1 - side(t) * y) ** 2,
    (y, t) => -2 * side(t) * Math.max(0, 1 - side(t) * y),
  ),
  kl_divergence: pointwise(
    (y, t) => within(t, 1e-7, 1) * Math.log(within(t, 1e-7, 1) / within(y, 1e-7, 1)),
    (y, t) => (y === within(y, 1e-7, 1) ? -within(t, 1e-7, 1) / y : 0),
    false,
  ),
  poisson: pointwise(
    (y, t) => y - t * Math.log(y + 1e-7),
    (y, t) => 1 - t / (y + 1e-7),
  ),
  cosine_similarity: {
    value: (y, t) => -dot(y, t) / Math.sqrt(Math.max(dot(y, y), 1e-12) * Math.max(dot(t, t), 1e-12)),
    slope(y, t, i) {
      const [yNorm, tNorm] = [Math.sqrt(dot(y, y)), Math.sqrt(dot(t, t))];
      return -(t[i]! / tNorm - (dot(y, t) / (yNorm * tNorm)) * (y[i]! / yNorm)) / yNorm;
    },
  },
  categorical_hinge: {
    value: (y, t) => Math.max(0, 1 + Math.max(...y.map((p, i) => (1 - t[i]!) * p)) - dot(y, t)),
    slope(y, t, i) {
      const others = y.map((p, c) => (1 - t[c]!) * p);
      const worst = others.indexOf(Math.max(...others));
      return 1 + others[worst]! - dot(y, t) > 0 ? (i === worst ? 1 - t[i]! : 0) - t[i]! : 0;
    },
  },
} as const satisfies Readonly<Record<string, RowLoss>>;

export type LossName = keyof typeof rowLosses | 'sparse_categorical_crossentropy';

/** The activation that comes before a loss which is given logits. */
const LAST: Readonly<Partial<Record<LossName, 'softmax' | 'sigmoid'>>> = {
  sparse_categorical_crossentropy: 'softmax',
  categorical_crossentropy: 'softmax',
  categorical_focal_crossentropy: 'softmax',
  binary_crossentropy: 'sigmoid',
  binary_focal_crossentropy: 'sigmoid',
};

/**
 * The mean loss over the rows of `output` (..., C), as a tensor of shape [].
 * @param labels class numbers, one a row, for the sparse loss: a sample's loss is the mean over its rows without a label below 0; else targets of output's shape
 * @param fromLogits output is what a softmax (binary: a sigmoid) would turn into probabilities
 */
export function meanLoss(
  tape: Tape,
  output: Tensor,
  labels: ArrayLike<number>,
  name: LossName,
  fromLogits: boolean,
  options: LossOptions = {},
): Tensor {
  const last = LAST[name];
  const y = fromLogits && last ? activate(tape, output, last) : output;
  const sparse = name === 'sparse_categorical_crossentropy';
  const { value, slope }: RowLoss = rowLosses[sparse ? 'categorical_crossentropy' : name];
  const classes = y.shape.at(-1)!;
  const rows = y.data.length / classes;
  if (labels.length !== (sparse ? rows : rows * classes)) throw new Error(`${labels.length} labels for ${rows} rows`);

  const smoothing = number(options, 'label_smoothing', 0);
  const rowOf = (row: number) => Array.from(y.data.subarray(row * classes, (row + 1) * classes));
  const hotOf = (row: number) =>
    Array.from({ length: classes }, (_, i) => (sparse ? Number(labels[row] === i) : labels[row * classes + i]!));
  const targetOf = (row: number) =>
    hotOf(row).map((t) => t * (1 - smoothing) + smoothing / (last === 'sigmoid' ? 2 : classes));
  const table = options['class_weight'] as readonly number[] | undefined;
  const weightOf = (row: number): number => {
    const hot = hotOf(row);
    return table ? table[classes === 1 ? Number(hot[0]! > 0.5) : hot.indexOf(Math.max(...hot))]! : 1;
  };
  const batch = y.shape[0]!;
  const places = rows / batch;
  const counted = (sample: number) =>
    Array.from({ length: places }, (_, i) => labels[sample * places + i]!).filter((label) => label >= 0).length;
  const shareOf = (row: number) =>
    !sparse ? 1 / rows : labels[row]! < 0 ? 0 : 1 / counted(Math.floor(row / places)) / batch;
  const share = Array.from({ length: rows }, (_, row) => shareOf(row) * weightOf(row));
  const loss = tensor([]);
  for (let row = 0; row < rows; row++) loss.data[0]! += value(rowOf(row), targetOf(row), options) * share[row]!;
  tape.record(() => {
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < classes; i++)
        y.gradient[row * classes + i]! +=
          loss.gradient[0]! * slope(rowOf(row), targetOf(row), i, options) * share[row]!;
  });
  return loss;
}

// losses.ts: Keras' losses, as the mean over samples. Without Keras' clipping of probabilities to [1e-7, 1 - 1e-7].
import { activate } from './activations.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

export type LossName =
  | 'sparse_categorical_crossentropy'
  | 'categorical_crossentropy'
  | 'binary_crossentropy'
  | 'mean_squared_error';

/** One number per row of y (rows, C), and its slope with respect to every value of y. */
interface RowLoss {
  value(y: readonly number[], target: readonly number[]): number;
  slope(y: readonly number[], target: readonly number[], i: number): number;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const rowLosses: Readonly<Record<Exclude<LossName, 'sparse_categorical_crossentropy'>, RowLoss>> = {
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
  mean_squared_error: {
    value: (y, t) => sum(y.map((p, i) => (p - t[i]!) ** 2)) / y.length,
    slope: (y, t, i) => (2 * (y[i]! - t[i]!)) / y.length,
  },
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
): Tensor {
  const binary = name === 'binary_crossentropy';
  const y =
    fromLogits && name !== 'mean_squared_error' ? activate(tape, output, binary ? 'sigmoid' : 'softmax') : output;
  const sparse = name === 'sparse_categorical_crossentropy';
  const { value, slope } = rowLosses[sparse ? 'categorical_crossentropy' : name];
  const classes = y.shape.at(-1)!;
  const rows = y.data.length / classes;
  if (labels.length !== (sparse ? rows : rows * classes)) throw new Error(`${labels.length} labels for ${rows} rows`);

  const rowOf = (row: number) => Array.from(y.data.subarray(row * classes, (row + 1) * classes));
  const targetOf = (row: number) =>
    Array.from({ length: classes }, (_, i) => (sparse ? Number(labels[row] === i) : labels[row * classes + i]!));
  const batch = y.shape[0]!;
  const places = rows / batch;
  const counted = (sample: number) =>
    Array.from({ length: places }, (_, i) => labels[sample * places + i]!).filter((label) => label >= 0).length;
  const shareOf = (row: number) =>
    !sparse ? 1 / rows : labels[row]! < 0 ? 0 : 1 / counted(Math.floor(row / places)) / batch;
  const share = Array.from({ length: rows }, (_, row) => shareOf(row));
  const loss = tensor([]);
  for (let row = 0; row < rows; row++) loss.data[0]! += value(rowOf(row), targetOf(row)) * share[row]!;
  tape.record(() => {
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < classes; i++)
        y.gradient[row * classes + i]! += loss.gradient[0]! * slope(rowOf(row), targetOf(row), i) * share[row]!;
  });
  return loss;
}

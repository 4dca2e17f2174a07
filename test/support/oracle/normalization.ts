// normalization.ts: batch, layer and group normalization in float64: groups of values, each by its own mean and variance.
import { type Tape, type Tensor, tensor } from './tape.ts';

/** Which values share a mean and variance: the group of each, counted from 0. */
type GroupOf = (index: number) => number;

interface Moments {
  readonly means: Float64Array;
  readonly variances: Float64Array;
  readonly counts: Float64Array;
}

function momentsOf(x: Float64Array, groupOf: GroupOf, groups: number, centered: boolean): Moments {
  const [means, variances, counts] = [0, 1, 2].map(() => new Float64Array(groups)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  x.forEach((_, i) => {
    counts[groupOf(i)]!++;
  });
  if (centered)
    x.forEach((v, i) => {
      means[groupOf(i)]! += v / counts[groupOf(i)]!;
    });
  x.forEach((v, i) => {
    variances[groupOf(i)]! += (v - means[groupOf(i)]!) ** 2 / counts[groupOf(i)]!;
  });
  return { means, variances, counts };
}

/** (x - mean) / sqrt(variance + epsilon), with each group's own moments (and their gradient), or with given ones. */
function standardize(
  tape: Tape,
  x: Tensor,
  groupOf: GroupOf,
  epsilon: number,
  { means, variances, counts }: Moments,
  { given = false, centered = true } = {},
): Tensor {
  const inverse = variances.map((v) => 1 / Math.sqrt(v + epsilon));
  const y = tensor(
    x.shape,
    x.data.map((v, i) => (v - means[groupOf(i)]!) * inverse[groupOf(i)]!),
  );
  tape.record(() => {
    // dx = (dy - mean(dy) - y mean(dy y)) / deviation, means over the group; of given moments the first term alone
    const [sums, products] = [new Float64Array(means.length), new Float64Array(means.length)];
    if (!given)
      y.gradient.forEach((dy, i) => {
        if (centered) sums[groupOf(i)]! += dy / counts[groupOf(i)]!;
        products[groupOf(i)]! += (dy * y.data[i]!) / counts[groupOf(i)]!;
      });
    for (let i = 0; i < x.data.length; i++) {
      const group = groupOf(i);
      x.gradient[i]! += inverse[group]! * (y.gradient[i]! - sums[group]! - y.data[i]! * products[group]!);
    }
  });
  return y;
}

/** y = x * gamma + beta over the last axis; either may be missing. */
export function scaleAndShift(tape: Tape, x: Tensor, gamma: Tensor | null, beta: Tensor | null): Tensor {
  const C = x.shape.at(-1)!;
  const y = tensor(
    x.shape,
    x.data.map((v, i) => v * (gamma?.data[i % C] ?? 1) + (beta?.data[i % C] ?? 0)),
  );
  tape.record(() => {
    y.gradient.forEach((dy, i) => {
      x.gradient[i]! += dy * (gamma?.data[i % C] ?? 1);
      if (gamma) gamma.gradient[i % C]! += dy * x.data[i]!;
      if (beta) beta.gradient[i % C]! += dy;
    });
  });
  return y;
}

/**
 * By channel, over the rows of each micro-shard and their pixels. `sums`: rows x mean and rows x variance of each channel.
 * @param shares rows of each micro-shard
 */
export function batchNorm(
  tape: Tape,
  x: Tensor,
  epsilon: number,
  shares: readonly number[],
): { readonly y: Tensor; readonly mean: Float64Array; readonly variance: Float64Array } {
  const C = x.shape.at(-1)!;
  const perRow = x.data.length / x.shape[0]!;
  const shardOf = shares.flatMap((rows, shard) => Array.from({ length: rows }, () => shard));
  const groupOf = (i: number): number => shardOf[Math.floor(i / perRow)]! * C + (i % C);
  const moments = momentsOf(x.data, groupOf, C * shares.length, true);
  const rows = x.shape[0]!;
  const over = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: C }, (_, c) =>
      shares.reduce((sum, share, shard) => sum + (share / rows) * values[shard * C + c]!, 0),
    );
  const y = standardize(tape, x, groupOf, epsilon, moments);
  return { y, mean: over(moments.means), variance: over(moments.variances) };
}

/** By channel, with moving statistics. */
export function movingNorm(tape: Tape, x: Tensor, epsilon: number, mean: Tensor, variance: Tensor): Tensor {
  const moments = { means: mean.data, variances: variance.data, counts: new Float64Array(mean.data.length) };
  return standardize(tape, x, (i) => i % mean.data.length, epsilon, moments, { given: true });
}

/** Over the last axis; not centered: by the root of the mean square. */
export function layerNorm(tape: Tape, x: Tensor, epsilon: number, centered = true): Tensor {
  const C = x.shape.at(-1)!;
  const groupOf = (i: number): number => Math.floor(i / C);
  const moments = momentsOf(x.data, groupOf, x.data.length / C, centered);
  return standardize(tape, x, groupOf, epsilon, moments, { centered });
}

/** Over the pixels of each row and of a share of the channels. */
export function groupNorm(tape: Tape, x: Tensor, epsilon: number, groups: number): Tensor {
  const C = x.shape.at(-1)!;
  const perRow = x.data.length / x.shape[0]!;
  const groupOf = (i: number): number => Math.floor(i / perRow) * groups + Math.floor((i % C) / (C / groups));
  return standardize(tape, x, groupOf, epsilon, momentsOf(x.data, groupOf, x.shape[0]! * groups, true));
}

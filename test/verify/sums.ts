// sums.ts: how far apart two executors' sums of the same samples are: all together, and tensor by tensor. It computes none.
import type { Segment } from '../../trainer/model.ts';
import { relativeError } from '../support/compare.ts';

/** Of gradients and of moving statistics, by path. */
export type Sums = ReadonlyMap<string, Float32Array>;

/** The softmax of attention does not see what all keys have in common: no gradient but rounding. */
const isNothing = (path: string): boolean => path.endsWith('/key_bias');

/** Of all tensors that are no statistics, together: norm of the difference over norm. */
export function apart(sums: Sums, expected: Sums): number {
  let [error, norm] = [0, 0];
  for (const [path, values] of expected) {
    if (path.includes('/moving_')) continue;
    const others = sums.get(path)!;
    for (const [i, value] of values.entries()) {
      error += (others[i]! - value) ** 2;
      norm += value ** 2;
    }
  }
  return Math.sqrt(error / norm);
}

/** Of every tensor whose gradient is not zero by its nature: norm of the difference over norm. */
export const each = (sums: Sums, expected: Sums): ReadonlyMap<string, number> =>
  new Map(
    [...expected].flatMap(([path, values]) =>
      isNothing(path) ? [] : [[path, relativeError(sums.get(path)!, values)] as const],
    ),
  );

/** As `each`, without the channel of each tensor that has most of its error: what one rectifier at its kink may turn. */
export const besideOne = (sums: Sums, expected: Sums, segments: readonly Segment[]): ReadonlyMap<string, number> =>
  new Map(
    segments.flatMap(({ path, shape }) => {
      const [values, others] = [expected.get(path), sums.get(path)!];
      if (isNothing(path) || !values) return [];
      const inWorst = farthestChannel(others, values, shape.at(-1)!);
      const without = others.map((value, i) => (i % shape.at(-1)! === inWorst ? values[i]! : value));
      return [[path, relativeError(without, values)] as const];
    }),
  );

/** Channels are the last axis: of a kernel, what comes out. */
function farthestChannel(actual: Float32Array, expected: Float32Array, channels: number): number {
  const errors = new Float64Array(channels);
  for (const [i, value] of expected.entries()) errors[i % channels]! += (actual[i]! - value) ** 2;
  return errors.indexOf(Math.max(...errors));
}

export const farthest = (errors: ReadonlyMap<string, number>): readonly [path: string, error: number] =>
  [...errors].reduce((a, b) => (b[1] > a[1] ? b : a));

// moments.ts: counts, sums and sums of squares by channel, for mean and deviation. Exact for bytes: whole numbers below 2^53 in any order.
import { addBytes, MOST_CHANNELS } from '../image/byte-moments.ts';

export interface Moments {
  /** Values of each channel. */
  readonly count: number;
  /** By channel. */
  readonly sums: readonly number[];
  readonly squares: readonly number[];
}

/** Of what has no mean: text, ids. */
export const NO_MOMENTS: Moments = { count: 0, sums: [], squares: [] };

/** Of values whose last axis is the channel; of none where it is too long to be one. */
export function momentsOf(values: Uint8Array | Float32Array | Int32Array, channels: number): Moments {
  if (values.length === 0 || channels > MOST_CHANNELS) return NO_MOMENTS;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  if (values instanceof Uint8Array) addBytes(values, sums, squares);
  else
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      sums[i % channels]! += value;
      squares[i % channels]! += value * value;
    }
  return { count: values.length / channels, sums: [...sums], squares: [...squares] };
}

/** Adds in the order given. What has no values, or another number of channels than the first, adds nothing. */
export function addMoments(all: readonly Moments[]): Moments {
  const some = all.filter(({ count }) => count > 0);
  const channels = some[0]?.sums.length ?? 0;
  const like = some.filter(({ sums }) => sums.length === channels);
  const total = (of: (moments: Moments) => readonly number[]) =>
    Array.from({ length: channels }, (_, channel) => like.reduce((sum, moments) => sum + of(moments)[channel]!, 0));
  return {
    count: like.reduce((sum, { count }) => sum + count, 0),
    sums: total(({ sums }) => sums),
    squares: total(({ squares }) => squares),
  };
}

/** Mean and standard deviation by channel, of values divided by `unit`, to six digits. A deviation of 0 is given as 1: it is there to be divided by. */
export function meanAndDeviation({ count, sums, squares }: Moments, unit: number): { mean: number[]; std: number[] } {
  const digits = (x: number) => Number(x.toFixed(6));
  const mean = sums.map((sum) => sum / count);
  return {
    mean: mean.map((value) => digits(value / unit)),
    std: squares.map((square, i) => digits(Math.sqrt(Math.max(0, square / count - mean[i]! ** 2)) / unit) || 1),
  };
}

// moments.ts: counts, sums and sums of squares by channel, for mean and deviation. Exact for bytes: whole numbers below 2^53 in any order.

export interface Moments {
  /** Values of each channel. */
  readonly count: number;
  /** By channel. */
  readonly sums: readonly number[];
  readonly squares: readonly number[];
}

export interface MomentCounter {
  /** Values whose last axis is the channel. Other numbers of channels than before are left out. */
  add(values: Uint8Array | Float32Array | Int32Array, channels: number): void;
  readonly moments: Moments;
}

/** More columns than this are no channels: nothing is counted. */
const MOST_CHANNELS = 4096;

/** Squares of so many bytes have a sum below 2^31: 32-bit arithmetic is several times faster. */
const PIECE = 2 ** 15;

export function countMoments(): MomentCounter {
  let count = 0;
  let sums = new Float64Array(0);
  let squares = new Float64Array(0);
  return {
    add(values, channels) {
      if (channels > MOST_CHANNELS) return;
      if (count === 0) {
        sums = new Float64Array(channels);
        squares = new Float64Array(channels);
      } else if (sums.length !== channels) return;
      count += values.length / channels;
      if (values instanceof Uint8Array && channels <= 4) {
        for (let channel = 0; channel < channels; channel++)
          for (let from = channel; from < values.length; from += PIECE * channels) {
            const end = Math.min(values.length, from + PIECE * channels);
            let [sum, square] = [0, 0];
            for (let i = from; i < end; i += channels) {
              const value = values[i]!;
              sum = (sum + value) | 0;
              square = (square + value * value) | 0;
            }
            sums[channel]! += sum;
            squares[channel]! += square;
          }
        return;
      }
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!;
        sums[i % channels]! += value;
        squares[i % channels]! += value * value;
      }
    },
    get moments() {
      return { count, sums: [...sums], squares: [...squares] };
    },
  };
}

/** Adds in the order given. Shards without values add nothing. */
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

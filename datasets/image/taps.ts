// taps.ts: which pixels of a line, with which weights, each pixel of another line is made of: tables for the kernels pixels_across and pixels_down.
import { exp } from '../../base/scalar.ts';

export interface Taps {
  /** (count, 2): first pixel, number of taps. */
  readonly bounds: Uint32Array;
  /** (count, most), in 2^22ths. */
  readonly weights: Int32Array;
  readonly most: number;
  readonly count: number;
}

export type Filter = 'nearest' | 'bilinear' | 'bicubic';

const FILTERS: Readonly<Record<Exclude<Filter, 'nearest'>, { support: number; at(x: number): number }>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys' cubic with a = -1/2
  bicubic: {
    support: 2,
    at(distance) {
      const x = Math.abs(distance);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
};

const ONE = 2 ** 22;
const rounded = (weight: number): number => Math.trunc(weight * ONE + (weight < 0 ? -0.5 : 0.5));

/** A line of `size` pixels as one of `count`: filters widen where it shrinks, as Pillow's do, so that nothing aliases. */
export function resizeTaps(size: number, count: number, filter: Filter): Taps {
  const scale = size / count;
  if (filter === 'nearest')
    return gatherTaps(Uint32Array.from({ length: count }, (_, i) => Math.floor((i + 0.5) * scale)));
  const { support, at } = FILTERS[filter];
  const wide = Math.max(1, scale);
  const reach = support * wide;
  const most = Math.ceil(reach) * 2 + 1;
  const bounds = new Uint32Array(2 * count);
  const weights = new Int32Array(count * most);
  const line = new Float64Array(most);
  for (let i = 0; i < count; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const taps = Math.min(size, Math.trunc(centre + reach + 0.5)) - first;
    let sum = 0;
    for (let t = 0; t < taps; t++) {
      line[t] = at((t + first - centre + 0.5) * (1 / wide));
      sum += line[t]!;
    }
    for (let t = 0; t < taps; t++) weights[i * most + t] = rounded(line[t]! / sum);
    bounds[2 * i] = first;
    bounds[2 * i + 1] = taps;
  }
  return { bounds, weights, most, count };
}

/** Pixels taken as they are: pixel i from `places[i]`. */
export function gatherTaps(places: ArrayLike<number>): Taps {
  const count = places.length;
  const bounds = Uint32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? places[i >> 1]! : 1));
  return { bounds, weights: new Int32Array(count).fill(ONE), most: 1, count };
}

export const mirrorTaps = (size: number): Taps => gatherTaps(Array.from({ length: size }, (_, i) => size - 1 - i));

/** A bell of `width` pixels (odd), beyond the ends mirrored about the last pixel; `sigma` in pixels. */
export function blurTaps(size: number, width: number, sigma: number): Taps {
  const half = (width - 1) / 2;
  const bell = Array.from({ length: width }, (_, i) => exp((-0.5 * (i - half) * (i - half)) / (sigma * sigma)));
  const sum = bell.reduce((a, b) => a + b, 0);
  const shares = bell.map((weight) => rounded(weight / sum));
  shares[half]! += ONE - shares.reduce((a, b) => a + b, 0); // plain areas stay what they are
  const bounds = new Uint32Array(2 * size);
  const weights = new Int32Array(size * width);
  for (let i = 0; i < size; i++) {
    const first = Math.max(0, i - half);
    const places = shares.map((_, t) => foldInto(i + t - half, size));
    for (const [t, place] of places.entries()) weights[i * width + place - first]! += shares[t]!;
    bounds[2 * i] = first;
    bounds[2 * i + 1] = Math.max(...places) - first + 1;
  }
  return { bounds, weights, most: width, count: size };
}

/** Mirrored about the first and the last pixel, which are not repeated. */
function foldInto(place: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const at = ((place % period) + period) % period;
  return at < size ? at : period - at;
}

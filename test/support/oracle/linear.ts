// linear.ts: layers that are sums of their inputs' elements with fixed weights, written down term by term: shapes, borders, resizing.
import { elements } from '../../../trainer/model.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

/** Adds `weight` times element `from` of the input `which` to element `to`, all within one sample. */
export type Term = (to: number, from: number, weight?: number, which?: number) => void;

/** y (B, ...shape): each sample the sum of the terms that `terms` gives. */
export function linear(
  tape: Tape,
  inputs: readonly Tensor[],
  shape: readonly number[],
  terms: (term: Term) => void,
): Tensor {
  const batch = inputs[0]!.shape[0]!;
  const y = tensor([batch, ...shape]);
  const width = elements(shape);
  const each = (use: (x: Tensor, from: number, to: number, weight: number) => void) =>
    terms((to, from, weight = 1, which = 0) => {
      const x = inputs[which]!;
      for (let b = 0; b < batch; b++) use(x, b * elements(x.shape.slice(1)) + from, b * width + to, weight);
    });
  each((x, from, to, weight) => {
    y.data[to]! += weight * x.data[from]!;
  });
  tape.record(() =>
    each((x, from, to, weight) => {
      x.gradient[from]! += weight * y.gradient[to]!;
    }),
  );
  return y;
}

/** Every place of a shape, by axis, with its offset. */
export function* places(shape: readonly number[]): Generator<readonly [place: readonly number[], offset: number]> {
  for (let offset = 0; offset < elements(shape); offset++)
    yield [shape.map((n, i) => Math.floor(offset / elements(shape.slice(i + 1))) % n), offset];
}

/** Offset of a place, or -1 where it lies outside. */
export const offsetOf = (shape: readonly number[], place: readonly number[]): number =>
  place.some((at, i) => at < 0 || at >= shape[i]!) ? -1 : place.reduce((offset, at, i) => offset * shape[i]! + at, 0);

/** The result's places read the input's places that are `shift` away; outside there are zeros. */
export function shifted(tape: Tape, x: Tensor, shape: readonly number[], shift: readonly number[]): Tensor {
  return linear(tape, [x], shape, (term) => {
    for (const [place, to] of places(shape)) {
      const from = offsetOf(
        x.shape.slice(1),
        place.map((at, i) => at - shift[i]!),
      );
      if (from >= 0) term(to, from);
    }
  });
}

/** (B, H, W, C) to (B, height, width, C): pixel centres at halves, weights by distance; beyond the border its value goes on. */
export function resize(tape: Tape, x: Tensor, height: number, width: number, interpolation: string): Tensor {
  const [, H, W, C] = x.shape as [number, number, number, number];
  const near = (i: number, size: number, wanted: number): (readonly [number, number])[] => {
    const centre = ((i + 0.5) * size) / wanted - 0.5;
    if (interpolation === 'nearest') return [[Math.floor(((i + 0.5) * size) / wanted), 1]];
    const low = Math.floor(centre);
    const clamp = (at: number) => Math.max(0, Math.min(size - 1, at));
    return [
      [clamp(low), 1 - (centre - low)],
      [clamp(low + 1), centre - low],
    ];
  };
  return linear(tape, [x], [height, width, C], (term) => {
    for (const [[oy, ox, c], to] of places([height, width, C]))
      for (const [iy, wy] of near(oy!, H, height))
        for (const [ix, wx] of near(ox!, W, width)) term(to, (iy * W + ix) * C + c!, wy * wx);
  });
}

/**
 * Conv2D's transpose, pixel by pixel spread over the result. kernel (kh, kw, filters, channels). `before`: rows and columns cut off
 * the full spread.
 */
export function convTranspose(
  tape: Tape,
  x: Tensor,
  kernel: Tensor,
  shape: readonly [number, number, number],
  strides: readonly [number, number],
  dilation: readonly [number, number],
  before: readonly [number, number],
): Tensor {
  const [batch, H, W, C] = x.shape as [number, number, number, number];
  const [kh, kw] = kernel.shape as [number, number, number, number];
  const [height, width, filters] = shape;
  const y = tensor([batch, height, width, filters]);
  const each = (use: (x: number, w: number, y: number) => void) => {
    for (let b = 0; b < batch; b++)
      for (let iy = 0; iy < H; iy++)
        for (let ix = 0; ix < W; ix++)
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++) {
              const oy = iy * strides[0] + ky * dilation[0] - before[0];
              const ox = ix * strides[1] + kx * dilation[1] - before[1];
              if (oy < 0 || ox < 0 || oy >= height || ox >= width) continue;
              for (let f = 0; f < filters; f++)
                for (let c = 0; c < C; c++)
                  use(
                    ((b * H + iy) * W + ix) * C + c,
                    ((ky * kw + kx) * filters + f) * C + c,
                    ((b * height + oy) * width + ox) * filters + f,
                  );
            }
  };
  each((xi, wi, yi) => {
    y.data[yi]! += x.data[xi]! * kernel.data[wi]!;
  });
  tape.record(() =>
    each((xi, wi, yi) => {
      x.gradient[xi]! += y.gradient[yi]! * kernel.data[wi]!;
      kernel.gradient[wi]! += y.gradient[yi]! * x.data[xi]!;
    }),
  );
  return y;
}

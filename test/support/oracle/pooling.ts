// pooling.ts: the largest and the mean value of each window, NHWC. Padding takes part in neither.
import { type Tape, type Tensor, tensor } from './tape.ts';
import { axis, type Pair } from './window.ts';

export interface PoolOptions {
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: string;
}

/** Shape of the result, and the offsets in x that each output's window covers: row by row, from the left. */
function windows(x: Tensor, { size, strides, padding }: PoolOptions): { shape: number[]; members: number[][] } {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const rows = axis(height, size[0], strides[0], 1, padding);
  const columns = axis(width, size[1], strides[1], 1, padding);
  const members: number[][] = [];
  for (let b = 0; b < batch; b++)
    for (let oy = 0; oy < rows.out; oy++)
      for (let ox = 0; ox < columns.out; ox++)
        for (let c = 0; c < channels; c++) {
          const inside: number[] = [];
          for (let ky = 0; ky < size[0]; ky++)
            for (let kx = 0; kx < size[1]; kx++) {
              const iy = rows.read(oy, ky);
              const ix = columns.read(ox, kx);
              if (iy >= 0 && ix >= 0) inside.push(((b * height + iy) * width + ix) * channels + c);
            }
          members.push(inside);
        }
  return { shape: [batch, rows.out, columns.out, channels], members };
}

/** x (B, H, W, C) -> (B, OH, OW, C). Of equal values the first one gets the gradient. */
export function maxPool(tape: Tape, x: Tensor, options: PoolOptions): Tensor {
  const { shape, members } = windows(x, options);
  const winners = members.map((inside) => inside.reduce((best, at) => (x.data[at]! > x.data[best]! ? at : best)));
  const y = tensor(
    shape,
    Float64Array.from(winners, (at) => x.data[at]!),
  );
  tape.record(() => {
    winners.forEach((at, i) => {
      x.gradient[at]! += y.gradient[i]!;
    });
  });
  return y;
}

/** x (B, H, W, C) -> (B, OH, OW, C): the mean over the part of the window that lies inside the image. */
export function averagePool(tape: Tape, x: Tensor, options: PoolOptions): Tensor {
  const { shape, members } = windows(x, options);
  const y = tensor(
    shape,
    Float64Array.from(members, (inside) => inside.reduce((sum, at) => sum + x.data[at]!, 0) / inside.length),
  );
  tape.record(() => {
    members.forEach((inside, i) => {
      for (const at of inside) x.gradient[at]! += y.gradient[i]! / inside.length;
    });
  });
  return y;
}

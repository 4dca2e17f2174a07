// convolution.ts: Conv2D, NHWC, as a sum over every product that it is made of. Not fast.
import { type Tape, type Tensor, tensor } from './tape.ts';
import { axis, type Pair } from './window.ts';

export interface ConvOptions {
  readonly strides: Pair;
  readonly dilation: Pair;
  readonly padding: string;
  readonly groups: number;
}

/** x (B, H, W, C) with kernel (kh, kw, C / groups, N) -> (B, OH, OW, N). Output channels of a group lie together. */
export function conv2d(tape: Tape, x: Tensor, kernel: Tensor, options: ConvOptions): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [kh, kw, depth, filters] = kernel.shape as [number, number, number, number];
  const rows = axis(height, kh, options.strides[0], options.dilation[0], options.padding);
  const columns = axis(width, kw, options.strides[1], options.dilation[1], options.padding);
  const perGroup = filters / options.groups;
  const y = tensor([batch, rows.out, columns.out, filters]);

  /** Calls `use` with the offsets of an input value, of its `perGroup` weights, and of the `perGroup` outputs they go to. */
  function products(use: (x: number, w: number, y: number) => void): void {
    for (let b = 0; b < batch; b++)
      for (let oy = 0; oy < rows.out; oy++)
        for (let ox = 0; ox < columns.out; ox++)
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++) {
              const iy = rows.read(oy, ky);
              const ix = columns.read(ox, kx);
              if (iy < 0 || ix < 0) continue;
              for (let group = 0; group < options.groups; group++)
                for (let c = 0; c < depth; c++)
                  use(
                    ((b * height + iy) * width + ix) * channels + group * depth + c,
                    ((ky * kw + kx) * depth + c) * filters + group * perGroup,
                    ((b * rows.out + oy) * columns.out + ox) * filters + group * perGroup,
                  );
            }
  }

  products((xi, wi, yi) => {
    for (let n = 0; n < perGroup; n++) y.data[yi + n]! += x.data[xi]! * kernel.data[wi + n]!;
  });
  tape.record(() => {
    products((xi, wi, yi) => {
      for (let n = 0; n < perGroup; n++) {
        x.gradient[xi]! += y.gradient[yi + n]! * kernel.data[wi + n]!;
        kernel.gradient[wi + n]! += y.gradient[yi + n]! * x.data[xi]!;
      }
    });
  });
  return y;
}
